//! It runs, too.

use renamed::Basket;

#[tokio::test]
async fn a_basket_is_priced_by_steps_of_another_crate() {
    let items = vec!["tea".to_owned(), "milk".to_owned()];
    let receipt = Basket::run(items, "Ann".to_owned()).await;
    assert_eq!(receipt.ok().as_deref(), Some("Ann: 840, the first for 360"));
}
