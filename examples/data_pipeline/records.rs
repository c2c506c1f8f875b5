//! What flows through the pipeline.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// An order as the shop's database has it: nothing in it is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawOrder {
    /// Its number.
    pub id: String,
    /// The customer's number.
    pub customer: String,
    /// When it was placed.
    pub day: String,
    /// What it costs.
    pub amount: String,
    /// In which currency.
    pub currency: String,
}

/// A customer, a row of the CSV file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Customer {
    /// The customer's number.
    pub id: String,
    /// The name.
    pub name: String,
    /// The country's code (ISO 3166).
    pub country: String,
}

/// What the rates service answers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Rates {
    /// The currency that amounts are converted to.
    pub base: String,
    /// How much of each currency one unit of the base is.
    pub rates: BTreeMap<String, f64>,
}

/// An order that makes sense.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Its number.
    pub id: String,
    /// Who placed it.
    pub customer: Customer,
    /// When it was placed.
    pub day: Date,
    /// What it costs, in hundredths.
    pub cents: i64,
    /// In which currency.
    pub currency: String,
}

/// The orders that make sense, and those that do not.
#[derive(Debug, Clone, PartialEq)]
pub struct Cleaned {
    /// In the order of the database.
    pub orders: Vec<Order>,
    /// What was left out.
    pub rejects: Vec<Reject>,
}

/// An order that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// The order's number.
    pub order: String,
    /// Why.
    pub reason: Reason,
}

/// Why an order was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There was an order of this number before.
    Duplicate,
    /// No customer has this number.
    UnknownCustomer,
    /// The day is no date of the form `2025-03-31`.
    BadDay,
    /// The amount is no positive number with two decimals at most.
    BadAmount,
    /// There is no rate for the currency.
    UnknownCurrency,
}

/// A sale: an order in the base currency.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sale {
    /// The order's number.
    pub order: String,
    /// When it was placed.
    pub day: Date,
    /// The customer's name.
    pub customer: String,
    /// The customer's country.
    pub country: String,
    /// What it costs, in hundredths of the base currency.
    pub cents: i64,
}

/// The sales, and what was left out on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Sales {
    /// The currency.
    pub base: String,
    /// In the order of the database.
    pub sales: Vec<Sale>,
    /// What was left out.
    pub rejects: Vec<Reject>,
}
