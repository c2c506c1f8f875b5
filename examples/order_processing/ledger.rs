//! The service's books: what it did for whom, each request once whatever how often it was sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::order::{Cents, Charge, Item, Label, Reservation, Shipment};

/// What a request is answered with.
pub type Answer = Result<Value, Refusal>;

/// Why a request is not carried out, and never will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The payment is declined.
    Payment(String),
    /// The order is not in a state in which this can be done.
    Conflict(String),
}

/// What the service knows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// What was done for each order, in order.
    acts: BTreeMap<u32, Vec<Act>>,
    /// What was done for an order for which it was done already.
    twice: Vec<String>,
    payments: Vec<Payment>,
    reserved: BTreeMap<u32, Vec<Item>>,
    shipped: BTreeSet<u32>,
    locks: BTreeMap<u32, String>,
    stock: BTreeMap<String, u32>,
    answers: HashMap<String, Answer>,
}

/// Something that the service did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    Reserved,
    Charged,
    Shipped,
    CalledBack,
    Refunded,
    Released,
}

/// Money that was taken, and perhaps given back.
#[derive(Debug, Clone, Serialize, Deserialize)]
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

    /// The books in a file, or these if there is none.
    pub fn or_read(self, path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(text) => Ok(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(self),
            Err(error) => Err(error),
        }
    }

    /// Writes the books to a file: all of them, or nothing.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let draft = path.with_extension("draft");
        fs::write(&draft, serde_json::to_vec_pretty(self)?)?;
        fs::rename(draft, path)
    }

    /// Carries a request out, unless one of this key was: that one's answer is given again.
    ///
    /// Says whether it was known already.
    pub fn once(&mut self, key: &str, work: impl FnOnce(&mut Self) -> Answer) -> (Answer, bool) {
        if let Some(answer) = self.answers.get(key) {
            return (answer.clone(), true);
        }
        let answer = work(self);
        if !key.is_empty() {
            self.answers.insert(key.to_owned(), answer.clone());
        }
        (answer, false)
    }

    fn did(&mut self, order: u32, act: Act) {
        self.acts.entry(order).or_default().push(act);
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
        let mut left = self.stock.clone();
        for item in &items {
            let of_sku = left.entry(item.sku.clone()).or_default();
            let Some(rest) = of_sku.checked_sub(item.quantity) else {
                return Err(Refusal::Conflict(format!("{} is sold out", item.sku)));
            };
            *of_sku = rest;
        }
        self.stock = left;
        self.did(order, Act::Reserved);
        if self.reserved.insert(order, items.clone()).is_some() {
            self.twice.push(format!("order {order} was reserved"));
        }
        Ok(json!(Reservation { order, items }))
    }

    /// Puts the items of an order back, if any are set aside.
    pub fn release(&mut self, order: u32) -> Answer {
        if let Some(items) = self.reserved.remove(&order) {
            for item in items {
                *self.stock.entry(item.sku).or_default() += item.quantity;
            }
            self.did(order, Act::Released);
        }
        Ok(json!({ "order": order }))
    }

    /// Takes money.
    pub fn charge(&mut self, order: u32, amount: Cents, declined: bool) -> Answer {
        if declined {
            return Err(Refusal::Payment("insufficient funds".to_owned()));
        }
        if self.is_paid(order) {
            self.twice.push(format!("order {order} was paid"));
        }
        self.did(order, Act::Charged);
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

    /// Gives the money of an order back, if any was taken.
    pub fn refund(&mut self, order: u32) -> Answer {
        let mut paid = self.payments.iter_mut();
        if let Some(payment) = paid.find(|payment| payment.order == order && !payment.refunded) {
            payment.refunded = true;
            self.did(order, Act::Refunded);
        }
        Ok(json!({ "order": order }))
    }

    fn is_paid(&self, order: u32) -> bool {
        let mut payments = self.payments.iter();
        payments.any(|payment| payment.order == order && !payment.refunded)
    }

    /// Prints a label.
    pub fn label(&mut self, order: u32, carrier: &str, grams: u32) -> Answer {
        let (carrier, tracking) = (carrier.to_owned(), format!("{carrier}-{order}-{grams}g"));
        Ok(json!(Label {
            order,
            carrier,
            tracking
        }))
    }

    /// Hands the parcels over.
    pub fn ship(&mut self, order: u32, tracking: String) -> Answer {
        if !self.is_paid(order) {
            return Err(Refusal::Conflict(format!("order {order} is not paid")));
        }
        if !self.shipped.insert(order) {
            self.twice.push(format!("order {order} was shipped"));
        }
        self.did(order, Act::Shipped);
        Ok(json!(Shipment { order, tracking }))
    }

    /// Has the parcels brought back, if any were handed over.
    pub fn call_back(&mut self, order: u32) -> Answer {
        if self.shipped.remove(&order) {
            self.did(order, Act::CalledBack);
        }
        Ok(json!({ "order": order }))
    }

    /// How often money was taken.
    pub fn payments(&self) -> usize {
        self.payments.len()
    }

    /// What was done for an order for which it was done already.
    pub fn twice(&self) -> &[String] {
        &self.twice
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
    fn stock_is_set_aside_and_put_back() {
        let mut ledger = ledger(3);
        assert!(ledger.reserve(1, items(2)).is_ok());
        let sold_out = ledger.reserve(2, items(2));
        assert!(matches!(sold_out, Err(Refusal::Conflict(why)) if why.ends_with("sold out")));
        assert!(ledger.release(1).is_ok());
        assert!(ledger.reserve(3, items(3)).is_ok());
        assert_eq!(ledger.reserved(), 1);
    }

    #[test]
    fn what_is_done_twice_is_noticed() {
        let mut ledger = ledger(9);
        for order in [1, 2, 1] {
            assert!(ledger.reserve(order, items(1)).is_ok());
            assert!(ledger.charge(order, Cents(100), false).is_ok());
            assert!(ledger.ship(order, "post".to_owned()).is_ok());
        }
        let twice = ["reserved", "paid", "shipped"].map(|act| format!("order 1 was {act}"));
        assert_eq!(ledger.twice(), twice);
        assert_eq!(ledger.balance(), Cents(300));
    }

    #[test]
    fn what_was_given_back_may_be_taken_again() {
        let mut ledger = ledger(3);
        for _ in 0..2 {
            assert!(ledger.charge(1, Cents(100), false).is_ok());
            assert!(ledger.refund(1).is_ok());
        }
        assert_eq!((ledger.balance(), ledger.refunds()), (Cents(0), 2));
        assert!(ledger.twice().is_empty());
    }

    #[test]
    fn a_key_is_answered_as_before() {
        let mut ledger = ledger(3);
        let charge = |ledger: &mut Ledger| ledger.charge(1, Cents(100), false);
        let (first, known) = ledger.once("a", charge);
        assert!(first.is_ok() && !known);
        assert_eq!(ledger.once("a", charge), (first, true));
        for _ in 0..2 {
            assert!(ledger.once("a~undo", |ledger| ledger.refund(1)).0.is_ok());
        }
        assert_eq!((ledger.payments(), ledger.refunds()), (1, 1));
    }

    #[test]
    fn what_is_not_paid_is_not_shipped() {
        let mut ledger = ledger(3);
        assert!(ledger.ship(1, "post-1".to_owned()).is_err());
        assert!(ledger.charge(1, Cents(100), false).is_ok());
        assert!(ledger.ship(1, "post-1".to_owned()).is_ok());
        assert!(ledger.call_back(1).is_ok());
        assert_eq!(ledger.shipped(), 0);
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

    #[test]
    fn books_are_read_as_they_were_written() -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("books.json");
        let mut before = ledger(3).or_read(&path)?;
        let (answer, _) = before.once("a", |ledger| ledger.reserve(1, items(2)));
        before.write(&path)?;
        let mut after = ledger(0).or_read(&path)?;
        assert_eq!(after.once("a", |_| unreachable!()), (answer, true));
        assert_eq!(after.acts, before.acts);
        Ok(())
    }
}
