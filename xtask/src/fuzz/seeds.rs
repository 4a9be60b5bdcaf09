//! Sound files for each target of the fuzzer to start from: bytes that no reader takes to its end lead nowhere. They are made
//! here, by the code that makes bundles, and written where cargo-fuzz looks for them when `NMR_FUZZ_SEEDS` is set.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use nmrctl::manifest::{MANIFEST_FILE, Manifest};

use crate::canonical;
use crate::package::assemble::samples::{bundle, unsigned};
use crate::pe::{Image, attach_signature, samples};
use crate::registrations::samples::registering;
use crate::signature::general::{self, Form};
use crate::signature::timestamp;
use crate::signature::timestamp::samples::{Answer, authority};
use crate::signature::{self, Content};
use crate::signer::samples::{pem, with_timestamps};
use crate::symbols::samples::symbols;

/// A sound file.
pub(super) struct Seed {
    target: &'static str,
    name: &'static str,
    pub(super) content: Vec<u8>,
}

/// The seeds of `target`.
pub(super) fn seeds(target: &str) -> Vec<&'static Seed> {
    static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(all);
    SEEDS.iter().filter(|seed| seed.target == target).collect()
}

/// The targets, as the programs in `xtask/fuzz` are called.
const TARGETS: [&str; 6] = ["inf", "image", "catalog", "timestamp", "symbols", "manifest"];

fn all() -> Vec<Seed> {
    let mut files = bundle().files;
    let mut of_bundle = |path: &str| files.remove(path).unwrap_or_else(|| panic!("the bundle has no {path}"));
    let (driver, catalog) = (of_bundle("composite/composite.sys"), of_bundle("composite/composite.cat"));
    let (program, symbols_of_driver) = (of_bundle("nmrctl.exe"), of_bundle("composite/composite.pdb"));
    let importing = samples::importing("ntoskrnl.exe", &["ExAllocatePool2", "ZwClose"]);
    let registering = registering(&[("echo", 1, [7; 16]), ("relay", 2, [8; 16])]);
    let signature_of = |bytes: &[u8]| Image::parse(bytes).unwrap().signature().unwrap().unwrap().to_vec();
    let timestamped = timestamped(&importing);
    let (answer, token) = answer_and_token();
    let seed = |target, name, content| Seed { target, name, content };
    vec![
        seed("inf", "source", include_bytes!("../../../inf/composite.inx").to_vec()),
        seed("inf", "stamped", of_bundle("composite/composite.inf")),
        seed("inf", "device", include_bytes!("../inf/lint/samples/device.inf").to_vec()),
        seed("inf", "primitive", include_bytes!("../inf/lint/samples/primitive.inf").to_vec()),
        seed("catalog", "catalog", catalog),
        seed("catalog", "of-image", signature_of(&driver)),
        seed("catalog", "with-timestamp", signature_of(&timestamped)),
        seed("image", "driver", driver),
        seed("image", "program", program),
        seed("image", "importing", importing),
        seed("image", "registering", registering),
        seed("image", "with-timestamp", timestamped),
        seed("timestamp", "answer", answer),
        seed("timestamp", "token", token.clone()),
        seed("timestamp", "token-with-attribute-certificate", with_attribute_certificate(&token)),
        seed("symbols", "driver", symbols_of_driver),
        seed("symbols", "other", symbols([0xAB; 16])),
        seed("manifest", "signed", of_bundle(MANIFEST_FILE)),
        seed("manifest", "unsigned", unsigned().files.remove(MANIFEST_FILE).unwrap()),
    ]
}

/// `image`, signed by somebody whose signatures an authority says the time of.
fn timestamped(image: &[u8]) -> Vec<u8> {
    let (key, certificate) = pem();
    let signer = with_timestamps(key, certificate, Some(&authority()));
    let content = Content::image(&Image::parse(image).unwrap()).unwrap();
    attach_signature(image, &signature::sign(&content, &signer).unwrap()).unwrap()
}

/// The answer of an authority to the fuzzer's question, and the token in it.
fn answer_and_token() -> (Vec<u8>, Vec<u8>) {
    let (signature, nonce) = super::STAMPED;
    let question = timestamp::request(signature, nonce).unwrap();
    let answer = Answer::to(&question).der(&authority());
    let token = timestamp::token_in(&answer, signature, nonce).unwrap();
    (answer, token)
}

/// `token` with an attribute certificate of the obsolete form among its certificates, as those of Microsoft's authority.
fn with_attribute_certificate(token: &[u8]) -> Vec<u8> {
    const CERTIFICATES: u8 = 0xA0;
    let children = |element: &[u8]| canonical::children(element).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let parts = children(token);
    let signed_data = children(&parts[1]).concat();
    let added = children(&signed_data).into_iter().map(|part| match part[0] {
        CERTIFICATES => {
            let obsolete = canonical::element(0xA1, &canonical::element(0x30, &[]));
            canonical::element(CERTIFICATES, &[canonical::contents(&part), &obsolete].concat())
        }
        _ => part,
    });
    let signed_data = canonical::element(0x30, &added.collect::<Vec<_>>().concat());
    canonical::element(0x30, &[parts[0].clone(), canonical::element(0xA0, &signed_data)].concat())
}

/// A seed that its reader turns away at the door is worth nothing.
#[test]
fn every_seed_is_read_to_its_end() {
    for seed in seeds("inf") {
        crate::inf::Inf::parse_source(seed.name, &seed.content).unwrap();
    }
    for seed in seeds("image") {
        let image = Image::parse(&seed.content).unwrap();
        image.sections().unwrap();
        image.imports().unwrap();
        image.debug_record().unwrap();
        crate::registrations::of_image(&image).unwrap();
    }
    for seed in seeds("catalog") {
        general::examine(&seed.content, Form::Signature).unwrap();
        let timestamp = general::timestamp_in(&seed.content).unwrap();
        assert_eq!(timestamp.is_some(), seed.name == "with-timestamp", "{}", seed.name);
        let (_, list) = general::content(&seed.content, Form::Signature).unwrap();
        assert_eq!(crate::catalog::read(&list).is_ok(), seed.name == "catalog", "{}", seed.name);
    }
    let (signature, nonce) = super::STAMPED;
    for seed in seeds("timestamp") {
        match seed.name {
            "answer" => drop(timestamp::token_in(&seed.content, signature, nonce).unwrap()),
            _ => drop(timestamp::check(&seed.content, signature).unwrap()),
        }
    }
    for seed in seeds("symbols") {
        crate::symbols::id(&seed.content).unwrap();
    }
    for seed in seeds("manifest") {
        let manifest: Manifest = serde_json::from_slice(&seed.content).unwrap();
        assert_eq!(manifest.signer.is_some(), seed.name == "signed");
    }
}

/// The fuzzer's own folders, so that a target without seeds is found out.
#[test]
fn every_target_has_seeds() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut programs: Vec<String> = fs::read_dir(fuzz.join("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    programs.sort();
    let mut targets = TARGETS;
    targets.sort_unstable();
    assert_eq!(programs, targets);
    for target in TARGETS {
        assert!(seeds(target).len() > 1, "{target}");
        if std::env::var_os("NMR_FUZZ_SEEDS").is_none() {
            continue;
        }
        let corpus = fuzz.join("corpus").join(target);
        fs::create_dir_all(&corpus).unwrap();
        for seed in seeds(target) {
            fs::write(corpus.join(seed.name), &seed.content).unwrap();
        }
    }
}
