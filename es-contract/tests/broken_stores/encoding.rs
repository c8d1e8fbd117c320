//! Faults of encoding and naming: values that must be refused are changed and accepted.

use es_contract::promises::{Sample, sample::Written};
use es_core::{
    AggregateEvent, EncodeError, EventName, LimitError, Metadata, NewEvent, SchemaVersion, StreamId,
    limits::{METADATA_BYTES, NAME_BYTES, PAYLOAD_BYTES},
};
use uuid::Uuid;

use crate::fault::Fault;

pub(crate) fn encode(fault: Fault, event: &Sample, metadata: Option<&Metadata>) -> Result<NewEvent, EncodeError> {
    let encoded = NewEvent::encode(event, drop);
    let encoded = match (fault, encoded) {
        (Fault::TurnsNanIntoNull, Err(EncodeError::NotFinite { .. })) => raw(event.name(), r#"{"value":null}"#),
        (Fault::EncodesWhatDoesNotDecode, Err(EncodeError::Unreadable { .. })) => raw(event.name(), "null"),
        (Fault::CutsWhatIsTooLong, Err(EncodeError::Limit(_))) => {
            let text = "t".repeat(PAYLOAD_BYTES - 100);
            NewEvent::encode(&Sample::Written(Written { text }), drop)
        }
        (Fault::RemovesNul, Err(EncodeError::Nul { .. })) => raw(event.name(), r#"{"text":"ab"}"#),
        (Fault::FlattensWhatIsTooDeep, Err(EncodeError::TooDeep { .. })) => raw(event.name(), "[]"),
        (Fault::ForgetsTheText, Ok(_)) if matches!(event, Sample::Written(Written { text }) if text.contains('"')) => {
            raw(event.name(), r#"{"text":""}"#)
        }
        (_, encoded) => encoded,
    }?;
    let Some(metadata) = metadata else { return Ok(encoded) };
    match (fault, encoded.clone().with_metadata(metadata)) {
        (Fault::CutsLongMetadataAsItEncodes, Err(EncodeError::Limit(_))) => {
            encoded.with_metadata(&Metadata::new().with_actor("m".repeat(METADATA_BYTES / 2)))
        }
        (Fault::RemovesNulFromMetadata, Err(EncodeError::Nul { .. })) => Ok(encoded),
        (_, encoded) => encoded,
    }
}

pub(crate) fn stream(fault: Fault, category: &str, id: &str) -> Result<StreamId, LimitError> {
    let stream = StreamId::new(category, id);
    match (fault, &stream) {
        (Fault::CutsLongNamesAsItTakesThem, Err(LimitError::TooLong { .. })) => {
            let cut = |text: &str| text.chars().take(NAME_BYTES).collect::<String>();
            StreamId::new(cut(category), cut(id))
        }
        (Fault::LowersCase, Ok(_)) => StreamId::new(category.to_lowercase(), id.trim().to_lowercase()),
        _ => stream,
    }
}

fn raw(name: &'static str, payload: &'static str) -> Result<NewEvent, EncodeError> {
    NewEvent::from_json(Uuid::now_v7(), EventName::from_static(name)?, SchemaVersion::FIRST, payload)
}
