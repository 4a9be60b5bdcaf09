//! The services that an INF file adds.

use super::decoration::Platform;
use super::model::{Field, Line};
use super::{Inf, Problem, rule};

/// A service that an INF adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) name: String,
    /// The section that describes it.
    pub(crate) section: String,
    /// The field that names that section.
    pub(crate) field: Field,
}

/// The services added by the install section `section`. A device that has none says so by one without a name.
pub(crate) fn services(inf: &Inf, section: &str, platform: &Platform) -> (Vec<Service>, Vec<Problem>) {
    let (mut services, mut problems) = (Vec::new(), Vec::new());
    for line in inf.entries(&format!("{section}.Services"), "AddService") {
        match service(inf, line, platform) {
            Ok(service) => services.extend(service),
            Err(problem) => problems.push(problem),
        }
    }
    (services, problems)
}

fn service(inf: &Inf, line: &Line, platform: &Platform) -> Result<Option<Service>, Problem> {
    let (name, field) = match (inf.value(line, 0), line.field(2)) {
        (Some(name), Some(field)) => (name, field),
        (None, None) if line.fields.len() >= 2 => return Ok(None),
        _ => {
            let what = "AddService needs a name and a section";
            let instead = "write AddService = name, flags, service-install-section";
            return Err(Problem::new(rule::DIRECTIVE, line.place(), what, instead));
        }
    };
    let named = inf.expand(field);
    let Some(section) = inf.actual(&named, platform) else {
        let what = format!("there is no section [{named}]");
        let instead = "add it, or name the section that describes the service";
        return Err(Problem::new(rule::MISSING_SECTION, field.place, what, instead));
    };
    Ok(Some(Service { name, section, field: field.clone() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_needs_its_section() {
        let inf = |text: &str| Inf::parse("t.inf", text.as_bytes()).unwrap();
        let system = Platform::windows_10("amd64", 19_041);
        let services = |inf: &Inf| services(inf, "Go", &system);
        let good = inf("[Go.Services]\nAddService = %N%,,Echo\n[Echo]\nStartType = 3\n[Strings]\nN = echo\n");
        let (found, problems) = services(&good);
        assert_eq!((found[0].name.as_str(), problems.len()), ("echo", 0));
        assert_eq!(services(&inf("[Go.Services]\nAddService = a,,b\n")).1[0].what, "there is no section [b]");
        assert_eq!(services(&inf("[Go.Services]\nAddService = a\n")).1.len(), 1);
        assert_eq!(services(&inf("[Go.Services]\nAddService = ,2\n")), (vec![], vec![]));
    }
}
