//! A line of Gemini's batch format, `{"key": …, "request": {…}}`, said in the words of our columns. Never drops a
//! field in silence: what no column can say is a problem at its place.

use serde_json::Value;
use serde_json::value::RawValue;

use super::MOST_PROBLEMS;
use super::line::{Line, Object};
use super::raw_row::{Cell, Stated};
use crate::job::fault::Problem;

/// No object of the protocol has nearly as many.
const MOST_FIELDS: usize = 100;

const USE_IMAGES: &str = "save the image and name its file in `images`, beside `request`";

/// What the request of a batch line says; nothing if the object is a plain row.
pub fn stated(line: &Line, object: &Object) -> Result<Stated, Vec<Problem>> {
    let Some(request) = request_of(object) else { return Ok(Vec::new()) };
    let mut reading = Reading { line, stated: Vec::new(), problems: Vec::new() };
    if let Some(key) = object.get("key") {
        reading.state("id", key, value(key));
    }
    reading.request(request);
    if reading.problems.is_empty() { Ok(reading.stated) } else { Err(reading.problems) }
}

/// The request of a batch line. A row that has a `prompt` may have columns of these names for purposes of its own.
fn request_of<'a>(object: &Object<'a>) -> Option<&'a RawValue> {
    let request = object.get("request")?;
    let is_batch = object.get("key").is_some() || request.get().starts_with('{');
    (is_batch && object.get("prompt").is_none()).then_some(request)
}

/// The request of one line, as far as it was read.
struct Reading<'a> {
    line: &'a Line<'a>,
    stated: Stated,
    problems: Vec<Problem>,
}

/// A field that is set.
struct Field<'a> {
    /// Its name as it is written.
    written: String,
    /// Its name in snake case: both ways of writing are the protocol's, and may be mixed.
    name: String,
    value: &'a RawValue,
}

impl Reading<'_> {
    fn request(&mut self, request: &RawValue) {
        let mut prompt = None;
        for field in self.fields("request", request) {
            match field.name.as_str() {
                "contents" => prompt = Some((field.value, self.contents(field.value))),
                "system_instruction" => {
                    let text = self.texts("systemInstruction", field.value, &["system", "user"]);
                    self.state("system_instruction", field.value, Value::String(text));
                }
                "generation_config" => self.generation_config(field.value),
                "model" => self.model(field.value),
                "labels" => self.state("labels", field.value, value(field.value)),
                "safety_settings" => self.safety(field.value),
                _ => self.unknown("request", &field),
            }
        }
        match prompt {
            Some((contents, text)) if !text.trim().is_empty() => self.state("prompt", contents, Value::String(text)),
            Some(_) if !self.problems.is_empty() => {}
            None if !request.get().starts_with('{') => {}
            other => {
                let place = other.map_or(request, |(contents, _)| contents);
                self.problem(place, "there is no prompt; write {\"text\": \"…\"} into `contents[0].parts`".to_owned());
            }
        }
    }

    /// The prompt.
    fn contents(&mut self, contents: &RawValue) -> String {
        match self.list("contents", contents)[..] {
            [content] => self.texts("contents[0]", content, &["user"]),
            [] => String::new(),
            [_, second, ..] => {
                let message = "a conversation of several turns cannot be asked; keep one element of `contents`";
                self.problem(second, message.to_owned());
                String::new()
            }
        }
    }

    /// The texts of a content's parts, a line each.
    fn texts(&mut self, what: &str, content: &RawValue, roles: &[&str]) -> String {
        let mut texts = Vec::new();
        for field in self.fields(what, content) {
            match field.name.as_str() {
                "parts" => {
                    for part in self.list("parts", field.value) {
                        texts.extend(self.text(part));
                    }
                }
                "role" if value(field.value).as_str().is_some_and(|role| roles.contains(&role)) => {}
                "role" => self.problem(field.value, format!("the role of `{what}` can only be `{}`", roles[0])),
                _ => self.unknown(what, &field),
            }
        }
        texts.join("\n")
    }

    /// The text of a part.
    fn text(&mut self, part: &RawValue) -> Option<String> {
        let mut text = None;
        for field in self.fields("parts", part) {
            match (field.name.as_str(), value(field.value)) {
                ("text", Value::String(found)) => text = Some(found),
                ("text", _) => self.problem(field.value, "`text` must be text; put quotes around it".to_owned()),
                ("inline_data", _) => {
                    self.problem(field.value, format!("an image inside the line is not read; {USE_IMAGES}"));
                }
                ("file_data", _) => {
                    self.problem(field.value, format!("a file kept by Google is not read; {USE_IMAGES}"));
                }
                _ => self.unknown("parts", &field),
            }
        }
        text
    }

    fn generation_config(&mut self, config: &RawValue) {
        for field in self.fields("generationConfig", config) {
            match field.name.as_str() {
                "response_modalities" => self.modalities(field.value),
                "image_config" => self.image_config(field.value),
                "thinking_config" => self.thinking_config(field.value),
                "temperature" => self.state("temperature", field.value, value(field.value)),
                "seed" => self.state("seed", field.value, value(field.value)),
                _ => self.unknown("generationConfig", &field),
            }
        }
    }

    fn image_config(&mut self, config: &RawValue) {
        for field in self.fields("imageConfig", config) {
            match field.name.as_str() {
                "aspect_ratio" => self.state("aspect_ratio", field.value, value(field.value)),
                "image_size" => self.state("image_size", field.value, value(field.value)),
                _ => self.unknown("imageConfig", &field),
            }
        }
    }

    fn thinking_config(&mut self, config: &RawValue) {
        for field in self.fields("thinkingConfig", config) {
            match (field.name.as_str(), value(field.value)) {
                // The wire wants capitals where our columns have small letters.
                ("thinking_level", Value::String(level)) => {
                    self.state("thinking", field.value, Value::String(level.to_lowercase()));
                }
                ("thinking_level", other) => self.state("thinking", field.value, other),
                _ => self.unknown("thinkingConfig", &field),
            }
        }
    }

    /// `["IMAGE", "TEXT"]` is what our column calls `text,image`.
    fn modalities(&mut self, modalities: &RawValue) {
        let list = self.list("responseModalities", modalities);
        let mut words: Vec<String> =
            list.into_iter().map(|word| value(word).as_str().unwrap_or("?").to_lowercase()).collect();
        words.sort_by_key(|word| word != "text");
        self.state("modalities", modalities, Value::String(words.join(",")));
    }

    /// A list of categories with their thresholds, which our column has as an object.
    fn safety(&mut self, settings: &RawValue) {
        let mut thresholds = serde_json::Map::new();
        for setting in self.list("safetySettings", settings) {
            match (value(setting).get("category").and_then(Value::as_str), value(setting).get("threshold")) {
                (Some(category), Some(threshold)) => drop(thresholds.insert(category.to_owned(), threshold.clone())),
                _ => self.problem(setting, "write {\"category\": \"…\", \"threshold\": \"…\"} here".to_owned()),
            }
        }
        self.state("safety", settings, Value::Object(thresholds));
    }

    fn model(&mut self, model: &RawValue) {
        let name = match value(model) {
            Value::String(name) => Value::String(name.strip_prefix("models/").unwrap_or(&name).to_owned()),
            other => other,
        };
        self.state("model", model, name);
    }

    fn unknown(&mut self, of: &str, field: &Field) {
        let message = format!("`{}` of `{of}` cannot be sent from here; take it out", field.written);
        self.problem(field.value, message);
    }

    fn problem(&mut self, at: &RawValue, message: String) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem::new(self.line.place_of(at), message));
        }
    }

    fn state(&mut self, column: &'static str, at: &RawValue, value: Value) {
        self.stated.push((column, Cell { value, place: self.line.place_of(at) }));
    }

    /// The fields of an object that are set; null means unset, as everywhere in the protocol.
    fn fields<'b>(&mut self, what: &str, object: &'b RawValue) -> Vec<Field<'b>> {
        let Ok(object_read) = serde_json::from_str::<Object>(object.get()) else {
            self.problem(object, format!("`{what}` must be an object, like {{\"…\": …}}"));
            return Vec::new();
        };
        if object_read.0.len() > MOST_FIELDS {
            self.problem(object, format!("`{what}` has more than {MOST_FIELDS} fields; the protocol knows far fewer"));
            return Vec::new();
        }
        let mut fields: Vec<Field> = Vec::new();
        for (written, value) in object_read.0 {
            let name = snake_case(&written);
            if fields.iter().any(|field| field.name == name) {
                self.problem(value, format!("the key `{written}` stands here twice; keep one"));
            } else if value.get() != "null" {
                fields.push(Field { written, name, value });
            }
        }
        fields
    }

    fn list<'b>(&mut self, what: &str, list: &'b RawValue) -> Vec<&'b RawValue> {
        serde_json::from_str(list.get()).unwrap_or_else(|_| {
            self.problem(list, format!("`{what}` must be a list, like [ … ]"));
            Vec::new()
        })
    }
}

/// A value. The line was read whole before, so there is nothing in it that cannot be.
fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
