//! From a Rust type to what a model is told of it, and from what the model writes back to the type.

use std::time::Duration;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The longest time that a tool looks back.
const MAX_SPAN: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What a type is, in the words of its documentation, and the JSON schema of its fields. Everything is left out that
/// costs tokens and tells a model nothing: what is checked is checked by the type.
pub(super) fn describe<T: JsonSchema>() -> (String, Value) {
    let settings = SchemaSettings::default().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    let description =
        schema.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
    slim(&mut schema);
    if let Value::Object(map) = &mut schema {
        map.remove("description");
    }
    (description, schema)
}

fn slim(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    for noise in ["title", "format", "minimum", "maximum", "default"] {
        map.remove(noise);
    }
    if map.get("additionalProperties") == Some(&Value::Bool(false)) {
        map.remove("additionalProperties");
    }
    // What may be left out is not among the `required`; that it may be null, too, need not be said.
    if let Some(Value::Array(types)) = map.get("type")
        && let [Value::String(kind), Value::String(null)] = types.as_slice()
        && null == "null"
    {
        let kind = kind.clone();
        map.insert("type".into(), kind.into());
    }
    for key in ["items", "additionalProperties"] {
        map.get_mut(key).into_iter().for_each(slim);
    }
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(slim);
    }
}

/// The arguments as they have to look, short: `{argv: [string], host?: string}`.
pub(super) fn shape(schema: &Value) -> String {
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or("any");
    match (kind, schema.get("properties"), schema.get("items"), schema.get("enum")) {
        (_, Some(Value::Object(properties)), _, _) => object(properties, schema.get("required")),
        (_, _, Some(items), _) => format!("[{}]", shape(items)),
        (_, _, _, Some(Value::Array(words))) => {
            words.iter().map(ToString::to_string).collect::<Vec<_>>().join("|")
        }
        _ => kind.to_owned(),
    }
}

fn object(properties: &Map<String, Value>, required: Option<&Value>) -> String {
    let required = required.and_then(Value::as_array);
    let needed = |name: &str| required.is_some_and(|names| names.iter().any(|known| known == name));
    let field = |(name, schema): (&String, &Value)| {
        format!("{name}{}: {}", if needed(name) { "" } else { "?" }, shape(schema))
    };
    format!("{{{}}}", properties.iter().map(field).collect::<Vec<_>>().join(", "))
}

/// Reads what a model wrote as arguments.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub(super) fn read<T: DeserializeOwned>(arguments: &str) -> Result<T, String> {
    let text = arguments.trim();
    let value: Value = match text {
        "" | "null" => Value::Object(Map::new()),
        text => serde_json::from_str(text).map_err(|error| format!("the arguments are not JSON: {error}"))?,
    };
    // Some models write the object as a string once more.
    let value = match value {
        Value::String(inner) => {
            serde_json::from_str(&inner).map_err(|error| format!("the arguments are not JSON: {error}"))?
        }
        value => value,
    };
    if !value.is_object() {
        return Err("the arguments are not a JSON object".to_owned());
    }
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// A percentage. A fraction below 1 is taken for one; what can be read two ways is read as the lower: confidence only
/// ever tightens.
pub(super) fn percent<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    let number = f64::deserialize(from)?;
    let number = if number > 0.0 && number < 1.0 { number * 100.0 } else { number };
    if !(0.0..=100.0).contains(&number) {
        return Err(Error::custom("confidence is a percentage: 0 to 100"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within 0 and 100")]
    Ok(number as u8)
}

/// A length of time as people write it: `90min`, `24h`, `7d`.
pub(super) fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let time = humantime::parse_duration(text)
        .map_err(|_| Error::custom(format!("{text:?} is no length of time: write 90min, 24h or 7d")))?;
    Ok(Some(time.min(MAX_SPAN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks somewhere.
    /// And on.
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        words: Vec<String>,
        #[serde(deserialize_with = "percent")]
        #[schemars(with = "u8")]
        confidence: u8,
        /// As 24h.
        #[serde(default, deserialize_with = "span")]
        #[schemars(with = "Option<String>")]
        since: Option<Duration>,
    }

    #[test]
    fn a_schema_is_made_of_the_type_and_says_no_more_than_a_model_needs() {
        let (description, schema) = describe::<Sample>();
        assert_eq!(description, "Looks somewhere. And on.");
        let wanted = serde_json::json!({
            "type": "object",
            "properties": {
                "words": { "type": "array", "items": { "type": "string" } },
                "confidence": { "type": "integer" },
                "since": { "type": "string", "description": "As 24h." },
            },
            "required": ["words", "confidence"],
        });
        assert_eq!(schema, wanted);
        assert_eq!(shape(&schema), "{confidence: integer, since?: string, words: [string]}");
    }

    #[test]
    fn arguments_are_read_as_models_write_them_and_what_is_wrong_is_named() {
        let sample = Sample { words: vec!["a".into()], confidence: 70, since: None };
        for good in [
            r#"{"words":["a"],"confidence":70}"#,
            r#"{"words":["a"],"confidence":0.7,"since":null}"#,
            r#""{\"words\":[\"a\"],\"confidence\":70,\"since\":\"\"}""#,
        ] {
            assert_eq!(read::<Sample>(good).as_ref(), Ok(&sample), "{good}");
        }
        for (bad, why) in [
            ("{\"words\":", "not JSON"),
            ("[1]", "not a JSON object"),
            (r#"{"words":["a"]}"#, "missing field `confidence`"),
            (r#"{"words":["a"],"confidence":70,"sudo":true}"#, "unknown field `sudo`"),
            (r#"{"words":"a b","confidence":70}"#, "invalid type: string"),
            (r#"{"words":["a"],"confidence":170}"#, "0 to 100"),
            (r#"{"words":["a"],"confidence":-1}"#, "0 to 100"),
            (r#"{"words":["a"],"confidence":1,"since":"soon"}"#, "write 90min, 24h or 7d"),
        ] {
            let error = read::<Sample>(bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn a_confidence_that_can_be_read_two_ways_is_read_as_the_lower() {
        let of = |number: &str| {
            read::<Sample>(&format!(r#"{{"words":[],"confidence":{number}}}"#)).unwrap().confidence
        };
        assert_eq!([of("1"), of("1.0"), of("0.999"), of("0"), of("99.9")], [1, 1, 99, 0, 99]);
    }
}
