//! A lock of very many aggregates.

use super::*;

/// The aggregate with this number.
struct Numbered<const NUMBER: usize>;

const DIGITS: &[u8; 10] = b"0123456789";

/// `stream-000` to `stream-139`, in order.
const CATEGORIES: &[u8; 140 * 10] = &{
    let mut text = [0; 140 * 10];
    let mut at = 0;
    while at < text.len() {
        let number = at / 10;
        text[at] = match at % 10 {
            7 => DIGITS[number / 100],
            8 => DIGITS[number / 10 % 10],
            9 => DIGITS[number % 10],
            place => b"stream-"[place],
        };
        at += 1;
    }
    text
};

impl<const NUMBER: usize> Aggregate for Numbered<NUMBER> {
    const CATEGORY: &'static str = match str::from_utf8(CATEGORIES.split_at(NUMBER * 10).1.split_at(10).0) {
        Ok(category) => category,
        Err(_) => panic!("it is ASCII"),
    };
    type Id = String;
    type Event = first::AccountEvent;

    fn initial() -> Self {
        Self
    }

    fn apply_event(&mut self, _: Self::Event) {}
}

es::schema::lock!(
    "tests/lock/many.lock";
    Numbered<0>, Numbered<1>, Numbered<2>, Numbered<3>, Numbered<4>, Numbered<5>, Numbered<6>, Numbered<7>,
    Numbered<8>, Numbered<9>, Numbered<10>, Numbered<11>, Numbered<12>, Numbered<13>, Numbered<14>,
    Numbered<15>, Numbered<16>, Numbered<17>, Numbered<18>, Numbered<19>, Numbered<20>, Numbered<21>,
    Numbered<22>, Numbered<23>, Numbered<24>, Numbered<25>, Numbered<26>, Numbered<27>, Numbered<28>,
    Numbered<29>, Numbered<30>, Numbered<31>, Numbered<32>, Numbered<33>, Numbered<34>, Numbered<35>,
    Numbered<36>, Numbered<37>, Numbered<38>, Numbered<39>, Numbered<40>, Numbered<41>, Numbered<42>,
    Numbered<43>, Numbered<44>, Numbered<45>, Numbered<46>, Numbered<47>, Numbered<48>, Numbered<49>,
    Numbered<50>, Numbered<51>, Numbered<52>, Numbered<53>, Numbered<54>, Numbered<55>, Numbered<56>,
    Numbered<57>, Numbered<58>, Numbered<59>, Numbered<60>, Numbered<61>, Numbered<62>, Numbered<63>,
    Numbered<64>, Numbered<65>, Numbered<66>, Numbered<67>, Numbered<68>, Numbered<69>, Numbered<70>,
    Numbered<71>, Numbered<72>, Numbered<73>, Numbered<74>, Numbered<75>, Numbered<76>, Numbered<77>,
    Numbered<78>, Numbered<79>, Numbered<80>, Numbered<81>, Numbered<82>, Numbered<83>, Numbered<84>,
    Numbered<85>, Numbered<86>, Numbered<87>, Numbered<88>, Numbered<89>, Numbered<90>, Numbered<91>,
    Numbered<92>, Numbered<93>, Numbered<94>, Numbered<95>, Numbered<96>, Numbered<97>, Numbered<98>,
    Numbered<99>, Numbered<100>, Numbered<101>, Numbered<102>, Numbered<103>, Numbered<104>, Numbered<105>,
    Numbered<106>, Numbered<107>, Numbered<108>, Numbered<109>, Numbered<110>, Numbered<111>, Numbered<112>,
    Numbered<113>, Numbered<114>, Numbered<115>, Numbered<116>, Numbered<117>, Numbered<118>, Numbered<119>,
    Numbered<120>, Numbered<121>, Numbered<122>, Numbered<123>, Numbered<124>, Numbered<125>, Numbered<126>,
    Numbered<127>, Numbered<128>, Numbered<129>, Numbered<130>, Numbered<131>, Numbered<132>, Numbered<133>,
    Numbered<134>, Numbered<135>, Numbered<136>, Numbered<137>, Numbered<138>, Numbered<139>
);
