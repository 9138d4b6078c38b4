//! Where the parts of a GitHub are: github.com, an Enterprise Server (`https://HOST/api/v3`), or ghe.com
//! (`https://api.SUB.ghe.com`).

use url::Url;

/// What the REST API of an Enterprise Server ends in.
const SERVER: &str = "/api/v3";

/// The base below which GraphQL is `/graphql`. An Enterprise Server has REST under `/api/v3` and GraphQL under `/api`.
pub(super) fn graphql_base(api: &Url) -> String {
    let base = without_slash(api);
    base.strip_suffix(SERVER).map_or_else(|| base.to_owned(), |host| format!("{host}/api"))
}

/// Where people look at repositories. An Enterprise Server's API is on the same host, the others' is on `api.`.
pub(super) fn web_base(api: &Url) -> String {
    let base = without_slash(api);
    match base.strip_suffix(SERVER) {
        Some(host) => host.to_owned(),
        None => base.replacen("://api.", "://", 1),
    }
}

fn without_slash(api: &Url) -> &str {
    api.as_str().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_github_has_its_addresses() {
        let addresses = |url: &str| {
            let url = Url::parse(url).unwrap();
            (graphql_base(&url) + "/graphql", web_base(&url) + "/o/r")
        };
        let pair = |graphql: &str, web: &str| (graphql.to_owned(), web.to_owned());
        let com = pair("https://api.github.com/graphql", "https://github.com/o/r");
        assert_eq!(addresses("https://api.github.com"), com);
        assert_eq!(addresses("https://api.github.com/"), com);
        let server = pair("https://git.acme.example/api/graphql", "https://git.acme.example/o/r");
        assert_eq!(addresses("https://git.acme.example/api/v3"), server);
        assert_eq!(addresses("https://git.acme.example/api/v3/"), server);
        let odd = pair("https://api.acme.example:8443/api/graphql", "https://api.acme.example:8443/o/r");
        assert_eq!(addresses("https://api.acme.example:8443/api/v3"), odd, "a server's host may be called api");
        let cloud = pair("https://api.acme.ghe.com/graphql", "https://acme.ghe.com/o/r");
        assert_eq!(addresses("https://api.acme.ghe.com"), cloud);
        let simulated = pair("http://127.0.0.1:4000/graphql", "http://127.0.0.1:4000/o/r");
        assert_eq!(addresses("http://127.0.0.1:4000"), simulated);
    }
}
