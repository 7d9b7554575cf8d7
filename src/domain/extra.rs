//! Fields of a request as a person writes them, laid over others. Never drops a field, never knows what one means.

use serde_json::{Map, Value};

/// Fields as they stand in a request.
pub type Fields = Map<String, Value>;

/// Lays `over` over `under`: objects are merged field by field, anything else is replaced. A field is the same in both
/// casings that the model's protocol takes, so that `generation_config` does not come to stand beside
/// `generationConfig`.
pub fn lay_over(under: &mut Fields, over: &Fields) {
    for (name, value) in over {
        let place = under.entry(known_as(under, name)).or_insert(Value::Null);
        match (&mut *place, value) {
            (Value::Object(under), Value::Object(over)) => lay_over(under, over),
            (_, value) => *place = value.clone(),
        }
    }
}

/// The name under which the field is there already, or else the name itself.
fn known_as(fields: &Fields, name: &str) -> String {
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

    fn merged(mut under: Value, over: Value) -> Value {
        lay_over(under.as_object_mut().unwrap(), over.as_object().unwrap());
        under
    }

    #[test]
    fn objects_are_merged_and_everything_else_is_replaced() {
        let under = json!({"a": {"b": 1, "c": {"d": [1, 2]}}});
        let over = json!({"a": {"c": {"d": [3], "e": null}, "b": {"x": 1}}, "z": true});
        assert_eq!(merged(under, over), json!({"a": {"b": {"x": 1}, "c": {"d": [3], "e": null}}, "z": true}));
    }

    #[test]
    fn a_field_in_the_other_casing_is_the_same_field() {
        let under = json!({"generationConfig": {"imageConfig": {"imageSize": "1K"}}});
        let over = json!({"generation_config": {"image_config": {"image_size": "2K", "new_field": 1}}});
        let expected = json!({"generationConfig": {"imageConfig": {"imageSize": "2K", "new_field": 1}}});
        assert_eq!(merged(under, over), expected);
    }
}
