//! Errors in the words and shapes of what stands between a client and the model: gateways of the new-api family, and
//! proxies. Never the model's own.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::answer::Ask;
use super::error::ApiError;

/// What a proxy shows to browsers, and to everybody else.
const PAGE: &str = "<html>\r\n<head><title>Bad Gateway</title></head>\r\n<body>\r\n<center><h1>Bad Gateway</h1></center>\r\n\
                    <hr><center>a proxy</center>\r\n</body>\r\n</html>\r\n";

/// The account at the gateway is empty.
pub(super) fn no_credit(ask: &Ask) -> Response {
    gateway(ask, StatusCode::FORBIDDEN, "new_api_error", "insufficient_user_quota", "The user's balance is not enough")
}

/// No channel of the gateway serves the model: for good, though the status sounds passing.
pub(super) fn no_model(ask: &Ask) -> Response {
    let message = format!("No channel for model {} is available in this group", ask.wish.model);
    gateway(ask, StatusCode::SERVICE_UNAVAILABLE, "new_api_error", "model_not_found", &message)
}

/// The model's refusal, as an error of the server.
pub(super) fn refused(ask: &Ask) -> Response {
    let (code, message) = ("channel:image_generation_failed", "The image generation failed: IMAGE_SAFETY");
    gateway(ask, StatusCode::INTERNAL_SERVER_ERROR, "upstream_error", code, message)
}

/// The model's passing error inside one that sounds final.
pub(super) fn nested(ask: &Ask) -> Response {
    let inner = ApiError::unavailable().body().to_string();
    gateway(ask, StatusCode::BAD_REQUEST, "upstream_error", "bad_response_status_code", &inner)
}

/// An error as OpenAI writes it. The number of the request stands in its message.
fn gateway(ask: &Ask, status: StatusCode, kind: &str, code: &str, message: &str) -> Response {
    let number = format!(" (request id: {:016x})", ask.dice.number("request id"));
    // Behind JSON text the number would make it unreadable; gateways then leave it out.
    let number = if message.starts_with('{') { "" } else { &number };
    let error = json!({"message": format!("{message}{number}"), "type": kind, "param": "", "code": code});
    (status, Json(json!({ "error": error }))).into_response()
}

/// The model's error as the only element of an array.
pub(super) fn in_an_array(_: &Ask) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Json(Value::Array(vec![ApiError::unavailable().body()]))).into_response()
}

/// The model's error under a status that says success.
pub(super) fn error_with_200(_: &Ask) -> Response {
    Json(ApiError::unavailable().body()).into_response()
}

/// A page that says what its status says.
pub(super) fn page_with_502(_: &Ask) -> Response {
    (StatusCode::BAD_GATEWAY, Html(PAGE)).into_response()
}

/// The same page under a status that says success.
pub(super) fn page_with_200(_: &Ask) -> Response {
    Html(PAGE).into_response()
}

/// To a login, on this very server: whoever follows finds nothing there.
pub(super) fn redirect(_: &Ask) -> Response {
    (StatusCode::FOUND, [(LOCATION, "/login")]).into_response()
}
