//! The decisions of orders and customers, and the rule of the shop over both.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use es::{
    AppendRequest, Appended, Checkpoint, Direction, Filter, Page, StoredEvent, prelude::*, store::Capabilities,
    testing::scenario,
};
use futures_core::stream::BoxStream;
use orders::{
    customer::{Customer, CustomerRefusal, Deactivate, Deactivated, Register, Registered},
    order::{
        AddItem, Cancel, Cancelled, Create, Created, Item, ItemAdded, ItemRemoved, Order, OrderRefusal, Paid, Pay,
        PaymentReversed, RemoveItem, ReversePayment, Ship, Shipped,
    },
    shop::{CreateError, Shop},
};
use uuid::Uuid;

const CUSTOMER: Uuid = Uuid::from_u128(1);

fn tea(count: u32) -> Item {
    Item { article: "tea".into(), count, price: 450 }
}

fn because() -> String {
    "because".into()
}

fn open() -> es::testing::Scenario<Order> {
    scenario::<Order>().given((Created { customer: CUSTOMER }, ItemAdded { item: tea(2) }))
}

fn paid() -> es::testing::Scenario<Order> {
    open().given(Paid { amount: 900 })
}

fn shipped() -> es::testing::Scenario<Order> {
    paid().given(Shipped { tracking: "CZ1".into() })
}

#[test]
fn an_active_customer_creates_an_order_once() {
    let create = |standing| Create { customer: CUSTOMER, standing };
    scenario::<Order>().when(create(Customer::Active)).then(Created { customer: CUSTOMER });
    scenario::<Order>().when(create(Customer::Inactive)).then_refused(OrderRefusal::InactiveCustomer);
    scenario::<Order>().when(create(Customer::Unknown)).then_refused(OrderRefusal::InactiveCustomer);
    open().when(create(Customer::Active)).then_refused(OrderRefusal::AlreadyCreated);
}

#[test]
fn items_come_and_go_while_the_order_is_open() {
    open().when(AddItem(tea(3))).then(ItemAdded { item: tea(3) });
    open().when(AddItem(tea(0))).then_refused(OrderRefusal::NoneOf("tea".into()));
    open().when(RemoveItem("tea".into())).then(ItemRemoved { article: "tea".into() });
    open().when(RemoveItem("cup".into())).then_refused(OrderRefusal::NotOrdered("cup".into()));
    paid().when(AddItem(tea(3))).then_refused(OrderRefusal::Not("open"));
    scenario::<Order>().when(AddItem(tea(3))).then_refused(OrderRefusal::Not("open"));
}

#[test]
fn the_whole_price_is_paid_and_never_for_nothing() {
    open().when(Pay { amount: 900 }).then(Paid { amount: 900 });
    open().when(Pay { amount: 899 }).then_refused(OrderRefusal::WrongAmount { total: 900, amount: 899 });
    open().given(ItemRemoved { article: "tea".into() }).when(Pay { amount: 0 }).then_refused(OrderRefusal::Empty);
    paid().when(Pay { amount: 900 }).then_refused(OrderRefusal::Not("open"));
}

#[test]
fn a_reversed_payment_opens_the_order_again() {
    let reversed = || PaymentReversed { amount: 900, reason: because() };
    paid().when(ReversePayment { reason: because() }).then(reversed());
    paid().given(reversed()).when(Ship { tracking: "CZ1".into() }).then_refused(OrderRefusal::Not("paid"));
    paid().given(reversed()).when(Pay { amount: 900 }).then(Paid { amount: 900 });
    shipped().when(ReversePayment { reason: because() }).then_refused(OrderRefusal::Not("paid"));
}

#[test]
fn only_what_is_paid_is_shipped() {
    paid().when(Ship { tracking: "CZ1".into() }).then(Shipped { tracking: "CZ1".into() });
    open().when(Ship { tracking: "CZ1".into() }).then_refused(OrderRefusal::Not("paid"));
}

#[test]
fn cancelling_gives_the_money_back() {
    let cancel = || Cancel { reason: because() };
    open().when(cancel()).then(Cancelled { reason: because() });
    paid().when(cancel()).then((PaymentReversed { amount: 900, reason: because() }, Cancelled { reason: because() }));
    shipped().when(cancel()).then_refused(OrderRefusal::Not("open or paid"));
    scenario::<Order>().when(cancel()).then_refused(OrderRefusal::Not("open or paid"));
}

#[test]
fn a_customer_is_registered_once_and_deactivated_once() {
    let registered = || scenario::<Customer>().given(Registered { name: "Jana".into() });
    scenario::<Customer>().when(Register { name: "Jana".into() }).then(Registered { name: "Jana".into() });
    registered().when(Register { name: "Jana".into() }).then_refused(CustomerRefusal::AlreadyRegistered);
    registered().when(Deactivate { reason: because() }).then(Deactivated { reason: because() });
    registered().given(Deactivated { reason: because() }).when(Deactivate { reason: because() }).then_nothing();
    scenario::<Customer>().when(Deactivate { reason: because() }).then_refused(CustomerRefusal::Unknown);
}

#[tokio::test]
async fn a_deactivated_customer_cannot_order() {
    let shop = Shop::new(es::connect("memory:").await.expect("a store"));
    shop.customers.execute(&CUSTOMER, Register { name: "Jana".into() }).await.expect("registered");
    let order = shop.create(Uuid::from_u128(2), CUSTOMER).await.expect("created");
    assert_eq!(order.version(), 1);
    shop.customers.execute(&CUSTOMER, Deactivate { reason: because() }).await.expect("deactivated");
    let refused = shop.create(Uuid::from_u128(3), CUSTOMER).await;
    assert!(matches!(refused, Err(CreateError::Refused(OrderRefusal::InactiveCustomer))), "{refused:?}");
}

/// A store in which the customer leaves just before the first order arrives.
#[derive(Debug)]
struct LeavesInBetween {
    store: Arc<dyn EventStore>,
    left: AtomicBool,
}

#[async_trait]
impl EventStore for LeavesInBetween {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        let is_order = request.appends().iter().any(|append| append.stream.category() == Order::CATEGORY);
        if is_order && !self.left.swap(true, Ordering::SeqCst) {
            let customers = self.store.repository::<Customer>();
            customers.execute(&CUSTOMER, Deactivate { reason: because() }).await.expect("deactivated");
        }
        self.store.append(request).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.store.read_stream(stream, from, direction, limit)
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        self.store.read_pages(from, direction, filter, limit)
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        self.store.frontier().await
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let Capabilities { read_models, snapshots } = self.store.capabilities();
        Capabilities { read_models, snapshots }
    }
}

#[tokio::test]
async fn a_customer_who_leaves_in_between_is_noticed() {
    let store = es::connect("memory:").await.expect("a store");
    let shop = Shop::new(Arc::new(LeavesInBetween { store, left: AtomicBool::new(false) }));
    shop.customers.execute(&CUSTOMER, Register { name: "Jana".into() }).await.expect("registered");
    let refused = shop.create(Uuid::from_u128(2), CUSTOMER).await;
    assert!(matches!(refused, Err(CreateError::Refused(OrderRefusal::InactiveCustomer))), "{refused:?}");
    assert_eq!(shop.orders.load(&Uuid::from_u128(2)).await.expect("loaded").version(), 0);
}
