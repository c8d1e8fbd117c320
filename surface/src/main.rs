//! Compares the public surface of each crate with its listing in `surface/listings`; with `--update` writes the listings.
//!
//! rustdoc describes a crate as JSON only with unstable options, and the toolchain is a stable one. So cargo is given this
//! program in the place of rustdoc, and this program runs rustdoc with those options allowed. rustc itself runs as always:
//! what is built for other steps is not built again.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use similar::{ChangeTag, TextDiff};

/// The crates whose surface is public.
const CRATES: [&str; 9] =
    ["es", "es-contract", "es-core", "es-derive", "es-memory", "es-postgres", "es-schema", "es-sqlite", "es-testing"];

/// Set where this program runs in the place of rustdoc.
const AS_RUSTDOC: &str = "SURFACE_AS_RUSTDOC";

const RENEW: &str = "cargo run -p surface -- --update";

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = if env::var_os(AS_RUSTDOC).is_some() {
        rustdoc(&arguments)
    } else {
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => compare(),
            ["--update"] => update(),
            _ => Err(format!("the only argument is `--update`, as in `{RENEW}`").into()),
        }
    };
    done.unwrap_or_else(|error| {
        // Nothing is left to tell where standard error is closed.
        let _ = writeln!(io::stderr(), "surface: {error}");
        ExitCode::FAILURE
    })
}

/// Runs rustdoc with `arguments`, unstable options allowed.
fn rustdoc(arguments: &[String]) -> Result<ExitCode, Failure> {
    let status = Command::new("rustdoc").args(arguments).env("RUSTC_BOOTSTRAP", "1").status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn compare() -> Result<ExitCode, Failure> {
    let mut out = io::stdout().lock();
    let mut differ = false;
    for (package, surface) in surfaces()? {
        let path = listing(package);
        let listed = if path.exists() { fs::read_to_string(&path)? } else { String::new() };
        if listed == surface {
            continue;
        }
        differ = true;
        writeln!(out, "The public surface of `{package}` differs from surface/listings/{package}.txt:")?;
        for change in TextDiff::from_lines(&listed, &surface).iter_all_changes() {
            match change.tag() {
                ChangeTag::Delete => write!(out, "- {change}")?,
                ChangeTag::Insert => write!(out, "+ {change}")?,
                ChangeTag::Equal => {}
            }
        }
    }
    if differ {
        writeln!(out, "If this is meant, run `{RENEW}`, commit the listings, and tell users in CHANGELOG.md.")?;
    }
    Ok(if differ { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn update() -> Result<ExitCode, Failure> {
    fs::create_dir_all(root().join("surface/listings"))?;
    for (package, surface) in surfaces()? {
        fs::write(listing(package), surface)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The public items of each crate with all its features, one a line.
fn surfaces() -> Result<Vec<(&'static str, String)>, Failure> {
    // The whole workspace, so that features are those of the other steps of CI.
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    let mut documentation = Command::new(cargo);
    documentation
        .args(["doc", "--quiet", "--workspace", "--all-features", "--no-deps", "--lib", "--target-dir"])
        .arg(&target)
        .current_dir(root())
        .env("RUSTDOC", env::current_exe()?)
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json")
        .env(AS_RUSTDOC, "1");
    if !documentation.status()?.success() {
        return Err("rustdoc failed; see above".into());
    }
    CRATES
        .into_iter()
        .map(|package| {
            let json = target.join("doc").join(package.replace('-', "_")).with_extension("json");
            let surface = public_api::Builder::from_rustdoc_json(json)
                .omit_blanket_impls(true)
                .omit_auto_trait_impls(true)
                .build()
                .map_err(|error| format!("{package}: {error}; `public-api` and the toolchain go together"))?;
            Ok((package, surface.items().map(|item| item.to_string() + "\n").collect()))
        })
        .collect()
}

fn listing(package: &str) -> PathBuf {
    root().join("surface/listings").join(package).with_extension("txt")
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
