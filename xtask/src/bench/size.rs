//! The size of the composite sample as it is shipped, and whether it brings a heap along.

use anyhow::{Context as _, Result};

use super::figure::Measured;
use crate::bundle;
use crate::check::heap_imports;
use crate::context::Context;

/// Where the image is in a bundle.
const IMAGE: &str = "composite/composite.sys";

/// Reads the image in the newest bundle, if there is one.
pub(super) fn measure(context: &Context) -> Result<Vec<Measured>> {
    let Some(newest) = bundle::newest(context) else {
        context.ui.note("there is no bundle, so no size: `cargo xtask package` makes one");
        return Ok(Vec::new());
    };
    let (bundle, _) = bundle::Bundle::read(&newest)?;
    let image = bundle.get(IMAGE).with_context(|| format!("{} has no {IMAGE}", newest.display()))?;
    Ok(of_image(image).into())
}

fn of_image(image: &[u8]) -> [Measured; 2] {
    [
        Measured::new("composite", image.len() as f64 / 1024.0, "KiB"),
        Measured::new("composite/heap_imports", heap_imports(image).len() as f64, "routines"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_size_and_maybe_a_heap() {
        let mut image = vec![0; 2048];
        assert_eq!(of_image(&image).map(|one| one.value), [2.0, 0.0]);
        image[..16].copy_from_slice(b"ExAllocatePool2\0");
        assert_eq!(of_image(&image)[1].value, 1.0);
    }
}
