//! Manifests that are documents: JSON, TOML and XML.

use super::{Bump, LOCK, NEW, OLD, PACKAGE};

const CARGO: &str = r#"# billing
[package]
name = "billing-api"
version = "1.4.2" # ours
[dependencies]
serde = { version = "1.0.1" }
"#;

const CARGO_LOCK: &str = r#"version = 4

[[package]]
name = "billing-api"
version = "1.4.2"
dependencies = ["serde"]

[[package]]
name = "serde"
version = "1.0.1"
source = "registry+https://registry.example/index"
checksum = "ab"
"#;

const POM: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><artifactId>base</artifactId><version>3.0.0</version></parent>
  <artifactId>billing-api</artifactId>
  <version>1.4.2</version>
  <!-- ours -->
  <dependencies><dependency><artifactId>junit</artifactId><version>4.0.0</version></dependency></dependencies>
</project>
"#;

#[test]
fn package_json() {
    let bump = Bump::of("package.json", PACKAGE);
    bump.is_a_family();
    bump.refuses_beside(&[
        ("{ \"test\"", "{ \"postinstall\": \"node x.js\", \"test\"", "package.json also changes `scripts.postinstall`"),
        ("^1.3.0", "^1.3.1", "package.json also changes `dependencies.left-pad`"),
        ("billing-api", "billing-app", "package.json also changes `name`"),
        ("  \"scripts\"", "    \"scripts\"", "package.json also changes line 4"),
        ("\"name\"", "\"version\": \"9.0.0\", \"name\"", "the key `version` stands twice"),
        ("node --test", "node --test\", \"test\": \"x", "the key `test` stands twice"),
        ("}\n", "}, // 1\n", "cannot be read strictly"),
    ]);
    bump.refuses(PACKAGE, &PACKAGE.replace(OLD, "1.4.\\u0033"), "its version is not written plainly");
    bump.refuses(PACKAGE, &PACKAGE.replace("\"1.4.2\"", "2"), "it has no version as text");
    bump.refuses(PACKAGE, &PACKAGE.replace(OLD, "1.4.2+build.7"), "which is not newer");
    bump.refuses("[]", "[]", "it is no object");
}

#[test]
fn package_lock_json() {
    for path in ["package-lock.json", "npm-shrinkwrap.json"] {
        let bump = Bump { path, text: LOCK, beside: Some(("package.json", PACKAGE)) };
        bump.is_a_family();
        bump.refuses_beside(&[
            ("sha512-a", "sha512-b", "also changes `packages.node_modules/left-pad.integrity`"),
            ("\"1.3.0\"", "\"1.3.1\"", "also changes `packages.node_modules/left-pad.version`"),
        ]);
        let half = LOCK.replacen(OLD, NEW, 1);
        bump.refuses(LOCK, &half, "holds two versions, 1.4.3 and 1.4.2");
        bump.refuses(
            LOCK,
            &LOCK.replace(OLD, "1.4.4"),
            "goes from version 1.4.2 to 1.4.4, but package.json from 1.4.2",
        );
        let alone = Bump { beside: None, ..bump };
        alone.refuses(LOCK, &LOCK.replace(OLD, NEW), "changes without package.json beside it in the same commit");
    }
}

#[test]
fn cargo_toml() {
    let bump = Bump::of("Cargo.toml", CARGO);
    bump.is_a_family();
    bump.refuses_beside(&[
        ("1.0.1", "1.0.2", "Cargo.toml also changes `dependencies.serde.version`"),
        ("[dep", "build = \"x.rs\"\n[dep", "Cargo.toml also changes `package.build`"),
        ("billing-api", "billing-app", "Cargo.toml also changes `package.name`"),
        ("# ours", "# theirs", "Cargo.toml also changes line 4"),
        ("[dep", "version = \"1.4.3\"\n[dep", "it is no TOML"),
    ]);
    let deep = format!("{}a = 1\n{CARGO}", "a.".repeat(200_000));
    bump.refuses(&deep, &deep, "it is no TOML");
    let deep = format!("[{}a]\nb = 1\n{CARGO}", "a.".repeat(200_000));
    bump.refuses(&deep, &deep, "it is no TOML");
    let deep = format!("a = {}{}\n{CARGO}", "[".repeat(200_000), "]".repeat(200_000));
    bump.refuses(&deep, &deep, "it is no TOML");
    bump.refuses_in(&[("\"1.4.2\"", "\"\"\"1.4.2\"\"\"", "its version is not written plainly")]);
    let shared = "[workspace.package]\nversion = \"1.4.2\"\n[package]\nname = \"a\"\nversion.workspace = true\n";
    bump.proves(shared, &shared.replace(OLD, NEW));
    bump.refuses_in(&[("[package]", "[workspace.package]\nversion = \"1.0.0\"\n[package]", "holds two versions")]);
}

#[test]
fn cargo_lock() {
    let bump = Bump { path: "Cargo.lock", text: CARGO_LOCK, beside: Some(("Cargo.toml", CARGO)) };
    bump.is_a_family();
    bump.refuses_beside(&[
        ("1.0.1", "1.0.2", "Cargo.lock also changes `serde 1.0.1`"),
        ("\"ab\"", "\"cd\"", "Cargo.lock also changes `serde 1.0.1`"),
        ("[\"serde\"]", "[]", "Cargo.lock also changes `billing-api`"),
        ("version = 4", "version = 3", "Cargo.lock also changes `the lock file itself.version`"),
        ("\"billing-api\"", "\"other\"", "it has no entry of the package itself"),
    ]);
    bump.refuses_in(&[("dependencies", "source = \"git+https://x\"\ndependencies", "no entry of the package itself")]);
    let swapped = CARGO_LOCK.split("\n\n").collect::<Vec<_>>();
    let swapped = [swapped[0], swapped[2].trim_end(), swapped[1]].join("\n\n") + "\n";
    bump.refuses(CARGO_LOCK, &swapped.replace(OLD, NEW), "also changes line 4");
    let alone = Bump { beside: None, ..bump };
    alone.refuses_in(&[("a", "a", "Cargo.lock changes without Cargo.toml beside it in the same commit")]);
    let shared = "[workspace]\nmembers = [\"*\"]\n[workspace.package]\nversion = \"1.4.2\"\n";
    let bump = Bump { beside: Some(("Cargo.toml", shared)), ..alone };
    bump.proves(CARGO_LOCK, &CARGO_LOCK.replace(OLD, NEW));
    bump.refuses_beside(&[("1.0.1", "1.0.2", "Cargo.lock also changes `serde 1.0.1`")]);
}

#[test]
fn pyproject_toml() {
    let text = "[project]\nname = \"billing\"\nversion = \"1.4.2\"\ndependencies = [\"flask>=1\"]\n";
    let bump = Bump::of("pyproject.toml", text);
    bump.is_a_family();
    bump.refuses_beside(&[
        ("flask", "f1ask", "pyproject.toml also changes `project.dependencies`"),
        ("billing", "billings", "pyproject.toml also changes `project.name`"),
    ]);
    let poetry = text.replace("[project]", "[tool.poetry]");
    bump.proves(&poetry, &poetry.replace(OLD, NEW));
    for (old, new, newer) in [
        ("1.4", "1.4.0.1", true),
        ("1.4", "1.4.0", false),
        ("1.9", "1.10", true),
        ("1.4.dev2", "1.4a1", true),
        ("1.4b9", "1.4rc1", true),
        ("1.4rc1", "1.4", true),
        ("1.4", "1.4.post1", true),
        ("1.4", "1.5rc1", true),
        ("1.4.post1", "1.4", false),
    ] {
        let change = bump.change(&text.replace(OLD, old), &text.replace(OLD, new));
        assert_eq!(change.is_ok(), newer, "{old} to {new}: {change:?}");
    }
    for odd in ["1!2.0", "1.4+local", "1.4rc1.dev1", "v1.5", "1..5", "1.5.", "99999999999999999999"] {
        bump.refuses(text, &text.replace(OLD, odd), "is no version number");
    }
}

#[test]
fn pom_xml() {
    let bump = Bump::of("pom.xml", POM);
    bump.is_a_family();
    bump.refuses_beside(&[
        ("4.0.0</version>", "4.0.1</version>", "pom.xml also changes `dependencies/dependency/version`"),
        ("3.0.0", "3.0.1", "pom.xml also changes `parent/version`"),
        ("billing-api", "billing-app", "pom.xml also changes `artifactId`"),
        ("</project>", "<build><plugins/></build></project>", "pom.xml also changes `build`"),
        ("<!-- ours -->", "<!-- theirs -->", "pom.xml also changes line 6"),
    ]);
    bump.refuses(POM, &POM.replace("1.4.2", "1.4.3<!-- -->"), "its version is not written plainly");
    bump.refuses(POM, &POM.replace("1.4.2", "1.4.&#51;"), "its version is not written plainly");
    bump.refuses_in(&[
        ("<project", "<!DOCTYPE project [<!ENTITY v \"1\">]>\n<project", "it declares a document type"),
        ("<project", "<?run me?><project", "it holds a processing instruction"),
        ("4.0.0</version>", "${project.version}</version>", "it uses its own version elsewhere"),
        ("4.0.0</version>", "${pro<!-- -->ject.version}</version>", "it uses its own version elsewhere"),
        ("4.0.0</version>", "$&#123;project.version}</version>", "it uses its own version elsewhere"),
        ("4.0.0</version>", "${project.artifact.version}</version>", "it uses its own version elsewhere"),
        ("4.0.0</version>", "${project.build.finalName}</version>", "it uses its own version elsewhere"),
        ("<parent>", "<parent from=\"x-${project.version}\">", "it uses its own version elsewhere"),
        ("</parent>", "</parent><version>1.4.2</version>", "the element `version` stands twice"),
        ("</project>", "</projekt>", "it is no XML"),
        ("<parent>", "<modules><module>a</module></modules><parent>", "it may be the parent of other modules"),
        ("<parent>", "<packaging>pom</packaging><parent>", "it may be the parent of other modules"),
        (
            "<parent>",
            "<profiles><profile><modules><module>a</module></modules></profile></profiles><parent>",
            "it may be the parent of other modules",
        ),
        ("<parent>", "<packaging>${kind}</packaging><parent>", "it may be the parent of other modules"),
    ]);
    let modules = "<build><plugins><plugin><configuration><modules/></configuration></plugin></plugins></build>";
    let war = POM.replace("<parent>", &format!("<packaging>war</packaging>{modules}<parent>"));
    bump.proves(&war, &war.replace(OLD, NEW));
    bump.refuses(POM, &POM.replace("1.4.2", "1.4.2-SNAPSHOT"), "which is not newer");
    let snapshot = POM.replace(OLD, "1.4.3-SNAPSHOT");
    assert_eq!(bump.change(&snapshot, &POM.replace(OLD, NEW)), Ok("pom.xml 1.4.3-SNAPSHOT to 1.4.3".into()));
    bump.refuses_beside(&[("<project xmlns", "<project id=\"x\" xmlns", "pom.xml also changes `project`")]);
    let nested = |levels: usize| {
        let (open, close) = ("<a>".repeat(levels - 1), "</a>".repeat(levels - 1));
        POM.replace("</project>", &format!("{open}{close}</project>"))
    };
    bump.proves(&nested(49), &nested(49).replace(OLD, NEW));
    bump.refuses(&nested(50), &nested(50).replace(OLD, NEW), "it is nested too deeply");
    bump.refuses(&nested(100_000), &nested(100_000), "cannot be read strictly");
}

#[test]
fn versions_of_maven_come_in_the_order_of_their_stages() {
    let bump = Bump::of("pom.xml", POM);
    let stages = ["1.4-alpha-1", "1.4-alpha2", "1.4-beta-1", "1.4-beta2", "1.4-M1", "1.4-m-2", "1.4-milestone-3"];
    let stages = stages.into_iter().chain(["1.4-RC1", "1.4-rc-2", "1.4-SNAPSHOT", "1.4"]).collect::<Vec<_>>();
    for pair in stages.windows(2) {
        let [earlier, later] = [pair[0], pair[1]].map(|version| POM.replace(OLD, version));
        assert!(bump.change(&earlier, &later).is_ok(), "{pair:?}: {:?}", bump.change(&earlier, &later));
        bump.refuses(&later, &earlier, "which is not newer");
    }
    for odd in ["1.4-", "1.4.Final", "1.4-final-x", "1.4RC1", "1.4-rc1-2"] {
        bump.refuses(POM, &POM.replace(OLD, odd), "is no version number");
    }
}
