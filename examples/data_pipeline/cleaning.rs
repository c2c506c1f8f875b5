//! From raw orders to sales.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;

use crate::records::{Cleaned, Customer, Order, Rates, RawOrder, Reason, Reject, Sale, Sales};

/// Keeps the orders that make sense, each once, with their customers.
pub fn clean(orders: &[RawOrder], customers: &[Customer]) -> Cleaned {
    let customers: HashMap<String, &Customer> = customers
        .iter()
        .map(|customer| (key(&customer.id), customer))
        .collect();
    let mut seen = HashSet::new();
    let mut cleaned = Cleaned {
        orders: Vec::new(),
        rejects: Vec::new(),
    };
    for raw in orders {
        let order = if seen.insert(key(&raw.id)) {
            order(raw, &customers)
        } else {
            Err(Reason::Duplicate)
        };
        match order {
            Ok(order) => cleaned.orders.push(order),
            Err(reason) => cleaned.rejects.push(Reject {
                order: raw.id.clone(),
                reason,
            }),
        }
    }
    cleaned
}

/// Identifiers and codes are compared without spaces and in capitals.
fn key(text: &str) -> String {
    text.trim().to_uppercase()
}

fn order(raw: &RawOrder, customers: &HashMap<String, &Customer>) -> Result<Order, Reason> {
    let customer = customers
        .get(&key(&raw.customer))
        .ok_or(Reason::UnknownCustomer)?;
    Ok(Order {
        id: key(&raw.id),
        customer: (*customer).clone(),
        day: raw.day.trim().parse::<Date>().map_err(|_| Reason::BadDay)?,
        cents: cents(raw.amount.trim()).ok_or(Reason::BadAmount)?,
        currency: key(&raw.currency),
    })
}

/// The hundredths of a positive amount with two decimals at most.
fn cents(amount: &str) -> Option<i64> {
    let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    let cents = whole
        .parse::<i64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(part)?;
    (cents > 0).then_some(cents)
}

/// Converts orders to the rates' base currency.
pub fn convert(cleaned: &Cleaned, rates: &Rates) -> Sales {
    let mut sales = Sales {
        base: rates.base.clone(),
        sales: Vec::new(),
        rejects: cleaned.rejects.clone(),
    };
    for order in &cleaned.orders {
        match rate(&order.currency, rates) {
            Some(rate) => sales.sales.push(Sale {
                order: order.id.clone(),
                day: order.day,
                customer: order.customer.name.clone(),
                country: order.customer.country.clone(),
                cents: (order.cents as f64 / rate).round() as i64,
            }),
            None => sales.rejects.push(Reject {
                order: order.id.clone(),
                reason: Reason::UnknownCurrency,
            }),
        }
    }
    sales
}

fn rate(currency: &str, rates: &Rates) -> Option<f64> {
    if currency == rates.base {
        return Some(1.0);
    }
    rates
        .rates
        .get(currency)
        .copied()
        .filter(|rate| *rate > 0.0)
}

/// What is sold in each country, in hundredths of the base currency.
pub fn by_country(sales: &Sales) -> BTreeMap<&str, i64> {
    let mut sums = BTreeMap::new();
    for sale in &sales.sales {
        *sums.entry(sale.country.as_str()).or_default() += sale.cents;
    }
    sums
}

/// How many orders were left out for each reason.
pub fn by_reason(sales: &Sales) -> BTreeMap<Reason, usize> {
    let mut counts = BTreeMap::new();
    for reject in &sales.rejects {
        *counts.entry(reject.reason).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(id: &str, customer: &str, day: &str, amount: &str, currency: &str) -> RawOrder {
        let [id, customer, day, amount, currency] =
            [id, customer, day, amount, currency].map(str::to_owned);
        RawOrder {
            id,
            customer,
            day,
            amount,
            currency,
        }
    }

    fn ann() -> Vec<Customer> {
        vec![Customer {
            id: "C1".to_owned(),
            name: "Ann".to_owned(),
            country: "DE".to_owned(),
        }]
    }

    #[test]
    fn amounts_are_exact() {
        for (amount, expected) in [
            ("12", Some(1200)),
            ("12.3", Some(1230)),
            ("12.34", Some(1234)),
            ("0.01", Some(1)),
            ("0.00", None),
            ("12.345", None),
            ("-12.00", None),
            ("12.", None),
            (".5", None),
            ("1e3", None),
            ("n/a", None),
            ("", None),
            ("99999999999999999999", None),
            ("92233720368547758.08", None),
        ] {
            assert_eq!(cents(amount), expected, "{amount}");
        }
    }

    #[test]
    fn each_reject_has_its_reason() {
        let orders = [
            raw("o1 ", " c1", "2025-03-31", "10.00", "eur"),
            raw("O1", "C1", "2025-03-31", "10.00", "EUR"),
            raw("O2", "C9", "2025-03-31", "10.00", "EUR"),
            raw("O3", "C1", "2025-02-30", "10.00", "EUR"),
            raw("O4", "C1", "2025-03-31", "ten", "EUR"),
        ];
        let cleaned = clean(&orders, &ann());
        assert_eq!(cleaned.orders.len(), 1);
        assert_eq!(
            (cleaned.orders[0].id.as_str(), cleaned.orders[0].cents),
            ("O1", 1000)
        );
        assert_eq!(cleaned.orders[0].currency, "EUR");
        let reasons: Vec<Reason> = cleaned.rejects.iter().map(|reject| reject.reason).collect();
        assert_eq!(
            reasons,
            [
                Reason::Duplicate,
                Reason::UnknownCustomer,
                Reason::BadDay,
                Reason::BadAmount
            ]
        );
    }

    #[test]
    fn amounts_are_converted_to_the_base() {
        let orders = [
            raw("O1", "C1", "2025-03-31", "10.00", "EUR"),
            raw("O2", "C1", "2025-03-31", "10.00", "USD"),
            raw("O3", "C1", "2025-03-31", "10.00", "XBT"),
            raw("O4", "C1", "2025-03-31", "10.00", "BAD"),
        ];
        let rates = Rates {
            base: "EUR".to_owned(),
            rates: [("USD".to_owned(), 1.08), ("BAD".to_owned(), 0.0)].into(),
        };
        let sales = convert(&clean(&orders, &ann()), &rates);
        let cents: Vec<i64> = sales.sales.iter().map(|sale| sale.cents).collect();
        assert_eq!(cents, [1000, 926]);
        assert_eq!(by_country(&sales), [("DE", 1926)].into());
        assert_eq!(by_reason(&sales), [(Reason::UnknownCurrency, 2)].into());
    }
}
