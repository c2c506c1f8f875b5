//! Orders and what becomes of them: items, prices, parcels, receipts.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::chance::{between, unit};

/// What a customer wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub id: u32,
    /// The trading day whose rates hold.
    pub day: Date,
    pub items: Vec<Item>,
    pub card: Card,
    /// Whether a courier is to bring it.
    pub express: bool,
    /// What may be charged without somebody approving it.
    pub limit: Cents,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub sku: String,
    pub quantity: u32,
    /// In hundredths of the currency.
    pub unit_price: u64,
    pub currency: Currency,
    pub grams: u32,
}

/// What a supplier asks its price in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Currency {
    Eur,
    Usd,
    Gbp,
}

/// A payment card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub number: String,
}

/// Spot rates of a trading day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    pub day: Date,
    /// Millionths of the currency for one euro.
    pub per_euro: BTreeMap<Currency, u64>,
}

/// An amount in euro cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Cents(pub u64);

/// What an order costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub order: u32,
    pub total: Cents,
    pub rates: RatesFrom,
}

/// Where the rates of a quote came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RatesFrom {
    /// The market was asked.
    Market,
    /// The market was asked before.
    Cache,
    /// The market could not be asked.
    PriceList,
}

/// Items that were set aside for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub order: u32,
    pub items: Vec<Item>,
}

/// Money that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub order: u32,
    pub amount: Cents,
    pub reference: String,
}

/// A packed line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    pub sku: String,
    pub grams: u32,
}

/// Where a carrier takes the parcels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub order: u32,
    pub carrier: String,
    pub tracking: String,
}

/// Parcels that are under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    pub order: u32,
    pub tracking: String,
}

/// What the customer gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub order: u32,
    pub paid: Cents,
    pub rates: RatesFrom,
    pub carrier: String,
    pub tracking: String,
}

impl Order {
    /// The orders of a seed: their number, items, cards and days follow from it.
    pub fn generate(seed: u64, id: u32, declined: f64, express: bool) -> Self {
        let name = |what: &str| format!("order {id} {what}");
        let lines = between(seed, &name("lines"), 1, 4);
        let items = (1..=lines).map(|line| Item::generate(seed, &name(&format!("line {line}"))));
        let bad = unit(seed, &name("card")) < declined;
        let number = if bad {
            Card::DECLINED
        } else {
            "4000 0000 0000 0077"
        };
        let day = between(seed, &name("day"), 2, 6);
        Self {
            id,
            day: Date::constant(2026, 3, day as i8),
            items: items.collect(),
            card: Card {
                number: number.to_owned(),
            },
            express: express || unit(seed, &name("express")) < 0.3,
            limit: Cents(u64::MAX),
        }
    }

    /// What the order is called in URLs and as a run.
    pub fn name(&self) -> String {
        format!("order-{}", self.id)
    }
}

impl Item {
    /// The goods that are sold: article, price, currency, weight.
    const GOODS: [(&str, u64, Currency, u32); 6] = [
        ("lamp", 4_990, Currency::Eur, 1_200),
        ("desk", 21_900, Currency::Eur, 24_000),
        ("chair", 12_950, Currency::Usd, 9_500),
        ("kettle", 3_495, Currency::Gbp, 1_100),
        ("clock", 2_400, Currency::Usd, 400),
        ("rug", 8_900, Currency::Gbp, 5_200),
    ];

    /// What the articles are called.
    pub fn articles() -> [&'static str; 6] {
        Self::GOODS.map(|(sku, ..)| sku)
    }

    fn generate(seed: u64, name: &str) -> Self {
        let last = Self::GOODS.len() as u32 - 1;
        let article = between(seed, &format!("{name} article"), 0, last);
        let (sku, unit_price, currency, grams) = Self::GOODS[article as usize];
        Self {
            sku: sku.to_owned(),
            quantity: between(seed, &format!("{name} quantity"), 1, 3),
            unit_price,
            currency,
            grams,
        }
    }
}

impl Card {
    /// The one card that the payment service declines.
    pub const DECLINED: &str = "4000 0000 0000 0002";
}

impl Rates {
    /// The rates of a day as the market had them: they drift a little from day to day.
    pub fn of(day: Date) -> Self {
        let drift = u64::from(day.day().unsigned_abs()) * 700;
        Self {
            day,
            per_euro: BTreeMap::from([
                (Currency::Eur, 1_000_000),
                (Currency::Usd, 1_084_000 + drift),
                (Currency::Gbp, 842_000 + drift / 2),
            ]),
        }
    }

    /// The rates that every price list was printed with, for days on which the market cannot be asked.
    pub fn last_known() -> Self {
        Self::of(Date::constant(2026, 3, 1))
    }

    /// An amount in euro cents, rounded to the nearest one.
    pub fn in_euro(&self, amount: u64, currency: Currency) -> Cents {
        let per_euro = self
            .per_euro
            .get(&currency)
            .copied()
            .unwrap_or(1_000_000)
            .max(1);
        Cents((amount * 1_000_000 + per_euro / 2) / per_euro)
    }
}

/// What an order costs at these rates.
pub fn quote(order: &Order, rates: &Rates, from: RatesFrom) -> Quote {
    let prices = order.items.iter().map(|item| {
        rates
            .in_euro(item.unit_price * u64::from(item.quantity), item.currency)
            .0
    });
    Quote {
        order: order.id,
        total: Cents(prices.sum()),
        rates: from,
    }
}

/// A parcel of a line, its box included.
pub fn parcel(item: &Item) -> Parcel {
    const BOX: u32 = 250;
    Parcel {
        sku: item.sku.clone(),
        grams: item.grams * item.quantity + BOX,
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("€{}.{:02}", self.0 / 100, self.0 % 100))
    }
}

impl fmt::Display for RatesFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Market => "market rates",
            Self::Cache => "cached rates",
            Self::PriceList => "last known rates",
        })
    }
}

impl std::iter::Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_adds_the_lines_in_euro() {
        let mut order = Order::generate(1, 1, 0.0, false);
        let item = |quantity, unit_price, currency| Item {
            sku: "lamp".to_owned(),
            quantity,
            unit_price,
            currency,
            grams: 100,
        };
        order.items = vec![item(2, 1_000, Currency::Eur), item(1, 1_084, Currency::Usd)];
        let rates = Rates {
            day: order.day,
            per_euro: BTreeMap::from([(Currency::Eur, 1_000_000), (Currency::Usd, 1_084_000)]),
        };
        assert_eq!(quote(&order, &rates, RatesFrom::Market).total, Cents(3_000));
    }

    #[test]
    fn amounts_are_rounded_to_the_nearest_cent() {
        let day = Date::constant(2026, 3, 2);
        let rates = Rates {
            day,
            per_euro: BTreeMap::from([(Currency::Usd, 3_000_000)]),
        };
        let rounded = [1, 2, 3, 4, 5].map(|amount| rates.in_euro(amount, Currency::Usd).0);
        assert_eq!(rounded, [0, 1, 1, 1, 2]);
    }

    #[test]
    fn a_seed_gives_the_same_orders_again() {
        for id in 1..=50 {
            let order = Order::generate(7, id, 0.5, false);
            assert_eq!(order, Order::generate(7, id, 0.5, false));
            assert!(!order.items.is_empty());
        }
        let declined = |share| {
            let orders = (1..=50).map(|id| Order::generate(7, id, share, false));
            orders
                .filter(|order| order.card.number == Card::DECLINED)
                .count()
        };
        assert_eq!((declined(0.0), declined(1.0)), (0, 50));
    }

    #[test]
    fn a_parcel_weighs_its_goods_and_its_box() {
        let item = Item {
            sku: "clock".to_owned(),
            quantity: 3,
            unit_price: 1,
            currency: Currency::Eur,
            grams: 400,
        };
        assert_eq!(parcel(&item).grams, 1_450);
    }

    #[test]
    fn cents_are_shown_in_euro() {
        assert_eq!(format!("{:>8}", Cents(105)), "   €1.05");
    }
}
