//! What the pages of the simulated systems share: the frame, the colours, and care with links.
//!
//! The pages show text that anybody may have written. They have no scripts, load nothing from elsewhere, and say so to
//! the browser.

use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use url::Url;

/// Forbids everything but the style that the page brings along.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Colours of both schemes, and what all pages look like.
const STYLE: &str = "
:root{color-scheme:light dark;--ground:#fff;--text:#1d2125;--soft:#5b6675;--line:#dcdfe4;--tint:#f4f5f7;--link:#0b5fc0;
--blue:#e4efff;--blue-ink:#0747a6;--green:#dff5e5;--green-ink:#15613a;--yellow:#fff3cf;--yellow-ink:#6f4d00;
--red:#ffe3de;--red-ink:#9f2113;--purple:#eee9ff;--purple-ink:#4b3aa5;--grey:#e7e9ed;--grey-ink:#3b4656}
@media (prefers-color-scheme:dark){:root{--ground:#1a1d21;--text:#dfe3e8;--soft:#9aa5b1;--line:#383e47;--tint:#23272d;
--link:#7db4ff;--blue:#12305c;--blue-ink:#bcd8ff;--green:#123a24;--green-ink:#a8e8c1;
--yellow:#453607;--yellow-ink:#f7dc8c;
--red:#4d1a14;--red-ink:#ffc0b6;--purple:#2f2760;--purple-ink:#d3caff;--grey:#343a43;--grey-ink:#ccd3db}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,'Segoe UI',Roboto,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
a{color:var(--link)}h1{font-size:1.5rem;line-height:1.25;margin:.25rem 0 .75rem}
h2{font-size:1.05rem;margin:2rem 0 .5rem}p{margin:.35rem 0}ul,ol{margin:.35rem 0;padding-left:1.6rem}
code,pre{font:.9em/1.45 ui-monospace,Consolas,monospace;background:var(--tint);border-radius:3px}
code{padding:.1em .3em;overflow-wrap:anywhere}pre{padding:.6rem;overflow-x:auto;white-space:pre-wrap}
table{border-collapse:collapse;max-width:100%;margin:.5rem 0}
th,td{border:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:var(--tint)}blockquote{margin:.35rem 0;padding-left:.75rem;border-left:4px solid var(--line)}
hr{border:0;border-top:1px solid var(--line);margin:.75rem 0}.soft{color:var(--soft);font-size:.87rem}
.lozenge{display:inline-block;padding:0 .4em;border-radius:3px;font-size:.75rem;font-weight:700;line-height:1.5;
text-transform:uppercase;background:var(--grey);color:var(--grey-ink)}
.blue{background:var(--blue);color:var(--blue-ink)}.green{background:var(--green);color:var(--green-ink)}
.yellow{background:var(--yellow);color:var(--yellow-ink)}.red{background:var(--red);color:var(--red-ink)}
.purple{background:var(--purple);color:var(--purple-ink)}
.mention{background:var(--blue);color:var(--blue-ink);border-radius:3px;padding:0 .25em}
.avatar{flex:none;display:inline-flex;align-items:center;justify-content:center;width:2.25rem;height:2.25rem;
border-radius:6px;font-size:.8rem;font-weight:700}
";

/// A whole page. `style` is added to what all pages share.
pub(super) fn page(title: &str, style: &'static str, body: &Markup) -> impl IntoResponse + use<> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(style)) }
            }
            body { main { (body) } }
        }
    };
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, page.into_string())
}

/// A link to an address that somebody else wrote: only `http` and `https` become links, anything else stays text.
pub(super) fn outside_link(address: &str, label: &Markup) -> Markup {
    match Url::parse(address) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) => {
            html! { a href=(url.as_str()) rel="noopener noreferrer nofollow" { (label) } }
        }
        _ => html! { (label) },
    }
}

/// A square with the initials of a name, in a colour that belongs to the name.
pub(super) fn avatar(name: &str) -> Markup {
    const COLOURS: [&str; 5] = ["blue", "green", "yellow", "purple", "red"];
    let initials = name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect::<String>();
    let colour = COLOURS[name.bytes().map(usize::from).sum::<usize>() % COLOURS.len()];
    html! { span class={ "avatar " (colour) } aria-hidden="true" { (initials.to_uppercase()) } }
}

/// A time as people read it, in UTC.
pub(super) fn moment(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms);
    time.map_or_else(|_| String::new(), |time| time.strftime("%-d %b %Y, %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_become_links() {
        let label = html! { "click" };
        assert_eq!(outside_link("javascript:alert(1)", &label).into_string(), "click");
        assert_eq!(outside_link("data:text/html,x", &label).into_string(), "click");
        let good = outside_link("https://acme.example/?a=\"><script>", &label).into_string();
        assert!(!good.contains("<script>") && good.starts_with("<a href=\"https://acme.example/"), "{good}");
    }

    #[test]
    fn times_are_short_and_in_utc() {
        assert_eq!(moment(1_793_610_000_000), "2 Nov 2026, 09:00 UTC");
    }
}
