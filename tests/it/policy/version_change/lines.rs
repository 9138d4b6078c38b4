//! Manifests that are read line by line.

use super::{Bump, NEW, OLD, PACKAGE};

const CHART: &str = r#"apiVersion: v2
name: billing-api # the service
description: Invoices & totals
version: 1.4.2 # x-release-please-version
appVersion: "7.0.0"
dependencies:
- name: redis
  version: 17.0.1
"#;

const MIX: &str = r#"defmodule Billing.MixProject do
  use Mix.Project

  def project do
    [
      app: :billing,
      version: "1.4.2",
      deps: deps()
    ]
  end

  defp deps, do: [{:plug, "~> 1.3"}]
end
"#;

#[test]
fn version() {
    let bump = Bump::of("VERSION", "1.4.2\n");
    bump.is_a_family();
    bump.proves("1.4.2", "1.4.3");
    bump.refuses("1.4.2\n", "1.4.3", "VERSION also changes line 1");
    bump.refuses("1.4.2\n", "1.4.3\ncurl x\n", "it holds more than one line");
    bump.refuses("1.4.2\n", "1.4.3 # $(x)\n", "is no version number");
    bump.refuses("", "1.4.3", "it is empty");
}

#[test]
fn chart_yaml() {
    let bump = Bump::of("Chart.yaml", CHART);
    bump.is_a_family();
    bump.refuses_beside(&[
        ("17.0.1", "17.0.2", "Chart.yaml also changes `dependencies`"),
        ("name: billing-api", "name: billing-app", "Chart.yaml also changes `name`"),
        ("the service", "a service", "Chart.yaml also changes `name`"),
        ("7.0.0", "7.0.1", "Chart.yaml also changes `appVersion` from 7.0.0 to 7.0.1, which no other manifest"),
        ("7.0.0", "6.0.0", "Chart.yaml also changes `appVersion` from 7.0.0 to 6.0.0, which no other manifest"),
        ("appVersion", "annotations", "Chart.yaml also changes `appVersion`"),
    ]);
    bump.refuses_in(&[
        ("name: b", "version: 1.0.0\nname: b", "the key `version` stands twice"),
        ("name: b", "\"version\": 1.0.0\nname: b", "a line at the left is no plain key"),
        ("version: 1", "version: &v 1", "it may hold an anchor, an alias or a tag"),
        ("17.0.1", "*v", "it may hold an anchor, an alias or a tag"),
        ("name: billing-api", "name: \"billing", "the value of `name` does not end plainly on its line"),
        ("name: b", "---\nname: b", "more than one document"),
        ("name: b", "\tname: b", "it holds a tab"),
    ]);
    for number in ["1.10", "-2", "0x1F", "1e3"] {
        let before = CHART.replace("\"7.0.0\"", number);
        bump.proves(&before, &before.replace(OLD, NEW));
        let after = before.replace(OLD, NEW).replace(number, "\"7.0.1\"");
        bump.refuses(&before, &after, "Chart.yaml also changes `appVersion`");
    }
    let long = format!("{CHART}{}", "  a\n".repeat(240_000));
    bump.proves(&long, &long.replace(OLD, NEW));
    let spaced = format!("---\n# ours\n\nmy_key: 1\nmy-key: 2\n{CHART}  # of redis\n");
    bump.proves(&spaced, &spaced.replace(OLD, NEW));
    bump.refuses(CHART, &CHART.replace("1.4.2 #", "1.4.3 beta #"), "its version is not written plainly");
    bump.refuses(CHART, &CHART.replace("1.4.2 #", "1.4.3_a #"), "its version is not written plainly");
    bump.refuses(CHART, &CHART.replace("1.4.2 #", "\"\" #"), "its version is not written plainly");
    let [began_together, went_apart] = [("1.4.2", "9.9.9"), ("1.4.1", "1.4.3")].map(|(old, new)| {
        let (before, after) = (CHART.replace("7.0.0", old), CHART.replace(OLD, NEW).replace("7.0.0", new));
        bump.change(&before, &after).unwrap_err()
    });
    assert!(
        began_together.contains("also changes `appVersion` from 1.4.2 to 9.9.9, which no other"),
        "{began_together}"
    );
    assert!(went_apart.contains("also changes `appVersion` from 1.4.1 to 1.4.3, which no other"), "{went_apart}");
    let with_app = CHART.replace("7.0.0", OLD);
    let alone = "also changes `appVersion` from 1.4.2 to 1.4.3, which no other";
    bump.refuses(&with_app, &with_app.replace(OLD, NEW), alone);
    let app = Bump { beside: Some(("package.json", PACKAGE)), ..bump };
    let (before, after) = (CHART.replace("7.0.0", OLD).replacen(OLD, "0.3.0", 1), CHART.replace("7.0.0", NEW));
    assert_eq!(app.change(&before, &after.replacen(OLD, "0.3.1", 1)), Ok("Chart.yaml 0.3.0 to 0.3.1".into()));
    for (old, new) in [("1.4.2", "9.9.9"), ("1.4.1", "1.4.3")] {
        let (before, after) = (CHART.replace("7.0.0", old), CHART.replace(OLD, NEW).replace("7.0.0", new));
        let of_another = app.change(&before, &after).unwrap_err();
        assert!(of_another.contains(&format!("`appVersion` from {old} to {new}, which no other")), "{of_another}");
    }
}

#[test]
fn gradle_properties() {
    let bump = Bump::of("gradle.properties", "# ours\nversion=1.4.2\nkotlin.version = 2.0.0\n");
    bump.is_a_family();
    bump.refuses_beside(&[
        ("2.0.0", "2.0.1", "gradle.properties also changes `kotlin.version`"),
        ("kotlin", "org.gradle.jvmargs=-Xx\nkotlin", "gradle.properties also changes `org.gradle.jvmargs`"),
        ("# ours", "# theirs", "gradle.properties also changes line 1"),
    ]);
    bump.refuses_in(&[
        ("kotlin.version = 2", "version : 2", "the key `version` stands twice"),
        ("kotlin", "versio\\u006e=2\nkotlin", "it holds a backslash"),
        ("ours\nversion=", "ours\na=\\\nversion=", "it holds a backslash"),
        ("1.4.2\n", "1.4.2 \n", "is no version number"),
    ]);
}

#[test]
fn what_is_too_long_is_not_read() {
    let bump = Bump::of("gradle.properties", "version=1.4.2\n");
    let padded = |length: usize, text: &str| format!("{text}{}", "#".repeat(length - text.len()));
    let [old, new] = ["version=1.4.2\n", "version=1.4.3\n"];
    bump.proves(&padded(1_000_000, old), &padded(1_000_000, new));
    bump.refuses(&padded(1_000_001, old), &padded(1_000_001, new), "it is larger than 1 MB");
    let longest = format!("1.4.2-{}", "a".repeat(54));
    let version = Bump::of("VERSION", "1.4.1\n");
    assert_eq!(version.change("1.4.1\n", &format!("{longest}\n")), Ok(format!("VERSION 1.4.1 to {longest}")));
    version.refuses("1.4.1\n", &format!("{longest}a\n"), "is no version number");
    version.refuses(&format!("{longest}a\n"), "1.4.3\n", "is no version number");
}

#[test]
fn mix_exs() {
    let bump = Bump::of("mix.exs", MIX);
    bump.is_a_family();
    bump.refuses_beside(&[
        ("~> 1.3", "~> 1.5", "mix.exs also changes line 12"),
        (":billing,", ":billings,", "mix.exs also changes line 6"),
        ("deps: deps()", "deps: System.cmd(\"x\")", "mix.exs also changes line 8"),
        ("app: :b", "version: \"2.0.0\",\napp: :b", "more than one line begins with `version:`"),
    ]);
    bump.refuses_in(&[
        ("def project do", "def deps do", "its version does not stand at the top of `def project do`"),
        ("app: :billing,", "app: [", "its version does not stand at the top of `def project do`"),
        ("\"~> 1.3\"", "project()[:version]", "it may use its own version elsewhere, with `:version`"),
        ("\"~> 1.3\"", "elem(project(), 1)", "it may use its own version elsewhere, with `project()`"),
        ("\"~> 1.3\"", "Mix.Project.config", "it may use its own version elsewhere, with `Mix.Project`"),
        ("1.4.2\",", "1.4.2\" <> x(),", "its version is not written plainly"),
    ]);
    let spaced = MIX.replacen("app: :billing,", "# ours\n\napp: :billing,", 1);
    bump.proves(&spaced, &spaced.replace(OLD, NEW));
    let called = MIX.replacen("app: :billing,", "app: name(:billing),", 1);
    let not_at_the_top = "its version does not stand at the top of `def project do`";
    bump.refuses(&called, &called.replace(OLD, NEW), not_at_the_top);
    let attribute = MIX.replace("\"1.4.2\"", "@version").replace("  use", "  @version \"1.4.2\"\n  use");
    bump.proves(&attribute, &attribute.replace(OLD, NEW));
    let used = attribute.replace("\"~> 1.3\"", "@version");
    bump.refuses(&used, &used.replace(OLD, NEW), "it uses `@version` for something else too");
}
