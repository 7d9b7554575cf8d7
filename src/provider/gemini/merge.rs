//! Fields that a person adds to a request, laid over those of the program. Never drops a field.

use serde_json::{Map, Value};

/// Lays `extra` over `request`, both objects: objects are merged field by field, anything else is replaced. A field is
/// the same in both casings of the protocol, so `generation_config` does not come to stand beside `generationConfig`.
pub(super) fn merge(request: &mut Value, extra: &Map<String, Value>) {
    let Value::Object(fields) = request else {
        *request = Value::Object(extra.clone());
        return;
    };
    for (name, value) in extra {
        let place = fields.entry(known_as(fields, name)).or_insert(Value::Null);
        match value {
            Value::Object(inner) => merge(place, inner),
            other => *place = other.clone(),
        }
    }
}

/// The name under which the field is there already, or else the name itself.
fn known_as(fields: &Map<String, Value>, name: &str) -> String {
    let known = fields.keys().find(|known| in_camel_case(known) == in_camel_case(name));
    known.map_or(name, String::as_str).to_owned()
}

/// `image_config` as the protocol writes it first: `imageConfig`.
fn in_camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| {
        let mut letters = word.chars();
        all + &letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(mut request: Value, extra: Value) -> Value {
        merge(&mut request, extra.as_object().unwrap());
        request
    }

    #[test]
    fn objects_are_merged_and_everything_else_is_replaced() {
        let request = json!({"a": {"b": 1, "c": {"d": [1, 2]}}});
        let extra = json!({"a": {"c": {"d": [3], "e": null}, "b": {"x": 1}}, "z": true});
        assert_eq!(merged(request, extra), json!({"a": {"b": {"x": 1}, "c": {"d": [3], "e": null}}, "z": true}));
    }

    #[test]
    fn a_field_in_the_other_casing_is_the_same_field() {
        let request = json!({"generationConfig": {"imageConfig": {"imageSize": "1K"}}});
        let extra = json!({"generation_config": {"image_config": {"image_size": "2K", "new_field": 1}}});
        let expected = json!({"generationConfig": {"imageConfig": {"imageSize": "2K", "new_field": 1}}});
        assert_eq!(merged(request, extra), expected);
    }
}
