//! A request for a page that is answered with another.

use axum::extract::Request;
use axum::http::Uri;

pub(super) const FIRST: u32 = 1;
pub(super) const BEHIND_THE_END: u32 = 9_999;

/// The request, for that page instead of the one it asks for.
pub(super) fn at(mut request: Request, page: u32) -> Request {
    let whole = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let Some((path, query)) = whole.split_once('?') else { return request };
    let parameters = query.split('&').map(|parameter| match parameter.strip_prefix("page=") {
        Some(_) => format!("page={page}"),
        None => parameter.to_owned(),
    });
    let query: Vec<String> = parameters.collect();
    if let Ok(uri) = format!("{path}?{}", query.join("&")).parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request
}
