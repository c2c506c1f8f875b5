//! The service's books: what it did for whom, each request once whatever how often it was sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::order::{Cents, Charge, Item, Label, Reservation, Shipment};

/// What a request is answered with.
pub type Answer = Result<Value, Refusal>;

/// Why a request is not carried out, and never will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The payment is declined.
    Payment(String),
    /// The order is not in a state in which this can be done.
    Conflict(String),
}

/// What the service knows.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    answers: HashMap<String, Answer>,
    locks: BTreeMap<u32, String>,
    stock: BTreeMap<String, u32>,
    reserved: BTreeMap<u32, Vec<Item>>,
    payments: Vec<Payment>,
    shipped: BTreeSet<u32>,
    cancelled: BTreeSet<u32>,
}

/// Money that was taken, and perhaps given back.
#[derive(Debug, Clone)]
pub struct Payment {
    pub order: u32,
    pub amount: Cents,
    pub refunded: bool,
}

impl Ledger {
    /// Books with so many of each article in stock.
    pub fn new(articles: &[&str], stock: u32) -> Self {
        let stock = articles
            .iter()
            .map(|sku| ((*sku).to_owned(), stock))
            .collect();
        Self {
            stock,
            ..Self::default()
        }
    }

    /// The answer that was given to this key; whoever asks again gets it again.
    pub fn given(&self, key: &str) -> Option<Answer> {
        self.answers.get(key).cloned()
    }

    /// Keeps the answer to a key.
    pub fn keep(&mut self, key: &str, answer: &Answer) {
        self.answers.insert(key.to_owned(), answer.clone());
    }

    /// Locks an order for a holder, who may ask again.
    pub fn lock(&mut self, order: u32, holder: &str) -> Answer {
        let held_by = self.locks.entry(order).or_insert_with(|| holder.to_owned());
        if held_by == holder {
            Ok(json!({ "order": order, "holder": holder }))
        } else {
            Err(Refusal::Conflict(format!(
                "order {order} is being worked on by {held_by}"
            )))
        }
    }

    /// Unlocks an order, if it is this holder's.
    pub fn unlock(&mut self, order: u32, holder: &str) -> Answer {
        if self
            .locks
            .get(&order)
            .is_some_and(|held_by| held_by == holder)
        {
            self.locks.remove(&order);
        }
        Ok(json!({ "order": order }))
    }

    /// Sets items aside: all of them or none.
    pub fn reserve(&mut self, order: u32, items: Vec<Item>) -> Answer {
        self.alive(order)?;
        let mut left = self.stock.clone();
        for item in &items {
            let of_sku = left.entry(item.sku.clone()).or_default();
            let Some(rest) = of_sku.checked_sub(item.quantity) else {
                return Err(Refusal::Conflict(format!("{} is sold out", item.sku)));
            };
            *of_sku = rest;
        }
        self.stock = left;
        self.reserved.insert(order, items.clone());
        Ok(json!(Reservation { order, items }))
    }

    /// Takes money.
    pub fn charge(&mut self, order: u32, amount: Cents, declined: bool) -> Answer {
        self.alive(order)?;
        if declined {
            return Err(Refusal::Payment("insufficient funds".to_owned()));
        }
        self.payments.push(Payment {
            order,
            amount,
            refunded: false,
        });
        let reference = format!("pay-{}", self.payments.len());
        Ok(json!(Charge {
            order,
            amount,
            reference
        }))
    }

    /// Prints a label.
    pub fn label(&mut self, order: u32, carrier: &str, grams: u32) -> Answer {
        self.alive(order)?;
        let (carrier, tracking) = (carrier.to_owned(), format!("{carrier}-{order}-{grams}g"));
        Ok(json!(Label {
            order,
            carrier,
            tracking
        }))
    }

    /// Hands the parcels over.
    pub fn ship(&mut self, order: u32, tracking: String) -> Answer {
        self.alive(order)?;
        if !self.payments.iter().any(|payment| payment.order == order) {
            return Err(Refusal::Conflict(format!("order {order} is not paid")));
        }
        self.shipped.insert(order);
        Ok(json!(Shipment { order, tracking }))
    }

    /// Undoes all that was done for an order; what comes late is refused.
    pub fn cancel(&mut self, order: u32) -> Answer {
        self.cancelled.insert(order);
        self.shipped.remove(&order);
        for item in self.reserved.remove(&order).unwrap_or_default() {
            *self.stock.entry(item.sku).or_default() += item.quantity;
        }
        for payment in self
            .payments
            .iter_mut()
            .filter(|payment| payment.order == order)
        {
            payment.refunded = true;
        }
        Ok(json!({ "order": order }))
    }

    fn alive(&self, order: u32) -> Result<(), Refusal> {
        if self.cancelled.contains(&order) {
            return Err(Refusal::Conflict(format!("order {order} was cancelled")));
        }
        Ok(())
    }

    /// How often money was taken.
    pub fn payments(&self) -> usize {
        self.payments.len()
    }

    /// The orders for which money was taken more than once.
    pub fn paid_twice(&self) -> Vec<u32> {
        let mut seen = BTreeSet::new();
        let again = self
            .payments
            .iter()
            .filter(|payment| !seen.insert(payment.order));
        again.map(|payment| payment.order).collect()
    }

    /// The money that was taken and not given back.
    pub fn balance(&self) -> Cents {
        let kept = self.payments.iter().filter(|payment| !payment.refunded);
        kept.map(|payment| payment.amount).sum()
    }

    /// How often money was given back.
    pub fn refunds(&self) -> usize {
        self.payments
            .iter()
            .filter(|payment| payment.refunded)
            .count()
    }

    /// How many orders were shipped.
    pub fn shipped(&self) -> usize {
        self.shipped.len()
    }

    /// How many orders have items set aside.
    pub fn reserved(&self) -> usize {
        self.reserved.len()
    }

    /// How many orders are locked.
    pub fn locked(&self) -> usize {
        self.locks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Order;

    fn ledger(stock: u32) -> Ledger {
        Ledger::new(&["lamp", "desk", "chair", "kettle", "clock", "rug"], stock)
    }

    fn items(quantity: u32) -> Vec<Item> {
        let mut items = Order::generate(1, 1, 0.0, false).items;
        items.truncate(1);
        items[0].quantity = quantity;
        items
    }

    #[test]
    fn stock_is_set_aside_and_given_back() {
        let mut ledger = ledger(3);
        assert!(ledger.reserve(1, items(2)).is_ok());
        let sold_out = ledger.reserve(2, items(2));
        assert!(matches!(sold_out, Err(Refusal::Conflict(why)) if why.ends_with("sold out")));
        assert!(ledger.cancel(1).is_ok());
        assert!(ledger.reserve(3, items(3)).is_ok());
        assert_eq!(ledger.reserved(), 1);
    }

    #[test]
    fn a_second_payment_is_noticed() {
        let mut ledger = ledger(3);
        for (order, amount) in [(1, 100), (2, 50), (1, 100)] {
            assert!(ledger.charge(order, Cents(amount), false).is_ok());
        }
        assert_eq!(
            (ledger.paid_twice(), ledger.balance()),
            (vec![1], Cents(250))
        );
    }

    #[test]
    fn a_cancelled_order_is_refunded_and_takes_nothing_more() {
        let mut ledger = ledger(3);
        assert!(ledger.charge(1, Cents(100), false).is_ok());
        assert!(ledger.cancel(1).is_ok());
        assert_eq!((ledger.balance(), ledger.refunds()), (Cents(0), 1));
        assert!(ledger.charge(1, Cents(100), false).is_err());
        assert_eq!(ledger.payments(), 1);
    }

    #[test]
    fn what_is_not_paid_is_not_shipped() {
        let mut ledger = ledger(3);
        assert!(ledger.ship(1, "post-1".to_owned()).is_err());
        assert!(ledger.charge(1, Cents(100), false).is_ok());
        assert!(ledger.ship(1, "post-1".to_owned()).is_ok());
        assert_eq!(ledger.shipped(), 1);
    }

    #[test]
    fn a_lock_is_its_holders() {
        let mut ledger = ledger(3);
        assert!(ledger.lock(1, "a").is_ok() && ledger.lock(1, "a").is_ok());
        assert!(ledger.lock(1, "b").is_err());
        assert!(ledger.unlock(1, "b").is_ok());
        assert_eq!(ledger.locked(), 1);
        assert!(ledger.unlock(1, "a").is_ok());
        assert_eq!(ledger.locked(), 0);
    }

    #[test]
    fn a_declined_card_is_not_charged() {
        let mut ledger = ledger(3);
        assert!(matches!(
            ledger.charge(1, Cents(100), true),
            Err(Refusal::Payment(_))
        ));
        assert_eq!(ledger.payments(), 0);
    }
}
