//! Fills a corpus from a store.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    hash::{BuildHasher, RandomState},
    path::Path,
};

use es_core::{Aggregate, Checkpoint, EventSet, EventStore, Filter};
use futures_util::StreamExt;

use super::{Cause, Corpus, CorpusError, folder, json::Json, readers};

impl Corpus {
    /// Copies payloads of `A` from `store`: the first `per_version` of each schema version of each event, under each
    /// of its names. Existing files stay and count; a payload that exists is not copied again. Returns the number of
    /// added files. Run `UPDATE_CORPUS=1 cargo test` afterwards to record their values.
    ///
    /// With [`scrambled`](Self::scrambled) the texts of a payload are replaced by others.
    ///
    /// ```
    /// # use es_core::*;
    /// # use es_schema::Corpus;
    /// # async fn example<Account: Aggregate>(store: &dyn EventStore) -> Result<(), Box<dyn std::error::Error>> {
    /// Corpus::new("corpus").scrambled().collect::<Account>(store, 3).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CorpusError`] when the store cannot be read, or a file cannot be written.
    pub async fn collect<A: Aggregate>(
        &self,
        store: &dyn EventStore,
        per_version: usize,
    ) -> Result<usize, CorpusError> {
        let names = A::Event::NAMES.iter().copied();
        let filter = names.fold(Filter::all().category(A::CATEGORY), Filter::name);
        let mut events = store.read_all(Checkpoint::START, &filter, None);
        let mut collected = Collected { scramble: self.scramble.then(Scramble::default), ..Collected::default() };
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| self.only(Cause::Store(error)))?;
            let path = self.path.join(folder::of(&event.name)).join(event.schema_version.to_string());
            let put = collected.put::<A>(&path, &event, per_version);
            put.map_err(|cause| Self::at(&path, cause))?;
        }
        Ok(collected.added)
    }

    /// Makes [`collect`](Self::collect) replace the letters and digits of texts, equal texts by equal ones. A text
    /// that the payload needs to decode stays, such as the name of a variant or a date. Keys and numbers stay.
    #[must_use]
    pub fn scrambled(mut self) -> Self {
        self.scramble = true;
        self
    }
}

#[derive(Default)]
struct Collected {
    /// The payloads in each folder.
    there: BTreeMap<String, BTreeSet<String>>,
    scramble: Option<Scramble>,
    added: usize,
}

impl Collected {
    fn put<A: Aggregate>(
        &mut self,
        path: &Path,
        event: &es_core::StoredEvent,
        per_version: usize,
    ) -> Result<(), Cause> {
        let key = path.to_string_lossy().into_owned();
        if !self.there.contains_key(&key) {
            self.there.insert(key.clone(), payloads(path)?);
        }
        let there = self.there.entry(key).or_default();
        if there.len() >= per_version {
            return Ok(());
        }
        let mut payload = Json::read(&event.payload)?;
        if let Some(scramble) = &mut self.scramble {
            let readers = readers::readers::<A>();
            scramble.payload(&mut payload, |payload| {
                readers::today(&readers, &event.name, event.schema_version, payload.compact().as_bytes()).is_ok()
            });
        }
        if there.contains(&payload.compact()) {
            return Ok(());
        }
        // Keep the stored bytes, unless texts were scrambled.
        let text = match &self.scramble {
            Some(_) => payload.compact().into_bytes(),
            None => event.payload.to_vec(),
        };
        let mut number = 1_usize;
        let file = loop {
            let file = path.join(format!("collected_{number}.json"));
            if !file.exists() {
                break file;
            }
            number += 1;
        };
        fs::create_dir_all(path).map_err(Cause::File)?;
        fs::write(file, text).map_err(Cause::File)?;
        there.insert(payload.compact());
        self.added += 1;
        Ok(())
    }
}

/// The payloads in the folder `path`.
fn payloads(path: &Path) -> Result<BTreeSet<String>, Cause> {
    let entries = match super::entries(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(Cause::File(error)),
    };
    #[expect(clippy::case_sensitive_file_extension_comparisons, reason = "the corpus is checked for exactly these")]
    let is_payload = |name: &str| name.ends_with(".json") && !name.ends_with(".now.json");
    let files = entries.into_iter().filter(|(_, name)| is_payload(name));
    files.map(|(path, _)| Ok(Json::read(&fs::read(path).map_err(Cause::File)?)?.compact())).collect()
}

/// Lets `each` change every text in `value`.
fn each_text(value: &mut Json, each: &mut impl FnMut(&mut String)) {
    match value {
        Json::Text(text) => each(text),
        Json::List(values) => values.iter_mut().for_each(|value| each_text(value, each)),
        Json::Object(entries) => entries.values_mut().for_each(|value| each_text(value, each)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Replaces the letters of texts by a random key, which is not kept.
#[derive(Default)]
struct Scramble {
    key: RandomState,
    done: HashMap<String, String>,
}

impl Scramble {
    /// Scrambles as many texts of `payload` as leave it one that `reads`.
    fn payload(&mut self, payload: &mut Json, reads: impl Fn(&Json) -> bool) {
        let mut all = payload.clone();
        let mut count = 0;
        each_text(&mut all, &mut |text| {
            *text = self.text(text);
            count += 1;
        });
        if reads(&all) || !reads(payload) {
            *payload = all;
            return;
        }
        for chosen in 0..count {
            let mut one = payload.clone();
            let mut at = 0;
            each_text(&mut one, &mut |text| {
                if at == chosen {
                    *text = self.text(text);
                }
                at += 1;
            });
            if reads(&one) {
                *payload = one;
            }
        }
    }

    /// Replaces each letter by another of the same kind, so that a text keeps its form.
    fn text(&mut self, text: &str) -> String {
        if let Some(done) = self.done.get(text) {
            return done.clone();
        }
        let letters = text.chars().enumerate().map(|(at, letter)| {
            let hash = self.key.hash_one((text, at));
            match letter {
                '0'..='9' => another(letter, '0', 10, hash),
                'a'..='f' => another(letter, 'a', 6, hash),
                'g'..='z' => another(letter, 'g', 20, hash),
                'A'..='F' => another(letter, 'A', 6, hash),
                'G'..='Z' => another(letter, 'G', 20, hash),
                letter if letter.is_alphabetic() => another('g', 'g', 20, hash),
                other => other,
            }
        });
        let scrambled: String = letters.collect();
        self.done.insert(text.to_owned(), scrambled.clone());
        scrambled
    }
}

/// One of the `count` letters from `first` on that is not `letter`, which is one of them; chosen by `hash`.
fn another(letter: char, first: char, count: u32, hash: u64) -> char {
    let place = u32::from(letter) - u32::from(first);
    let step = 1 + u32::try_from(hash % u64::from(count - 1)).unwrap_or_default();
    char::from_u32(u32::from(first) + (place + step) % count).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::Scramble;

    #[test]
    fn every_letter_and_digit_becomes_another() {
        let text = "Ada Grüße 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for _ in 0..500 {
            let scrambled = Scramble::default().text(text);
            assert_eq!(scrambled.chars().count(), text.chars().count());
            for (before, after) in text.chars().zip(scrambled.chars()) {
                assert_eq!(before == after, !before.is_alphanumeric(), "`{before}` became `{after}`");
            }
        }
    }
}
