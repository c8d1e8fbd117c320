//! A TCP proxy in front of the server that injects network faults.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, watch},
    task::AbortHandle,
};
use tokio_postgres::Config;

/// What the proxy does to an append, or to the COMMIT of a projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NetworkFault {
    /// Forwards it.
    None,
    /// Cuts the connection before the server receives it.
    CutBefore,
    /// Cuts the connection in the middle of it.
    CutWithin,
    /// Forwards it, and cuts the connection instead of forwarding the acknowledgement.
    DropAcknowledgement,
    /// Forwards it, and forwards no further answer on this connection.
    Silence,
    /// Forwards it, and delays the acknowledgement.
    Delay(Duration),
    /// Forwards half of it, and the rest after [`Proxy::release`].
    HoldSecondHalf,
}

/// Chooses the fault for an append, given its message.
type Plan = Box<dyn FnMut(&[u8]) -> NetworkFault + Send>;

/// A proxy in front of the server; dropping it cuts all its connections.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accept: AbortHandle,
}

struct Shared {
    upstream: SocketAddr,
    plan: Mutex<Plan>,
    faults: AtomicU64,
    refusing: AtomicBool,
    stalling: AtomicBool,
    /// Whether second halves are forwarded.
    released: watch::Sender<bool>,
    /// Each increment cuts the connections that exist then.
    cut: watch::Sender<u64>,
}

impl Proxy {
    /// A proxy in front of the server at `port` of this machine.
    pub(crate) async fn in_front_of(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            upstream: SocketAddr::from(([127, 0, 0, 1], port)),
            plan: Mutex::new(Box::new(|_| NetworkFault::None)),
            faults: AtomicU64::new(0),
            refusing: AtomicBool::new(false),
            stalling: AtomicBool::new(false),
            released: watch::Sender::new(false),
            cut: watch::Sender::new(0),
        });
        let accepting = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !accepting.refusing.load(Ordering::Acquire) {
                    tokio::spawn(connect(client, Arc::clone(&accepting)));
                }
            }
        });
        Self { address, shared, accept: task.abort_handle() }
    }

    /// `url` through the proxy.
    pub(crate) fn url(&self, url: &str) -> String {
        let upstream = self.shared.upstream.to_string();
        assert!(url.contains(&upstream), "`{url}` is not the server behind the proxy");
        url.replace(&upstream, &self.address.to_string())
    }

    /// From now on `plan` chooses the fault for each append.
    pub(crate) fn plan(&self, mut plan: impl FnMut() -> NetworkFault + Send + 'static) {
        *self.shared.plan.lock().unwrap() = Box::new(move |_| plan());
    }

    /// Injects `fault` into the next append only.
    pub(crate) fn once(&self, fault: NetworkFault) {
        let mut next = Some(fault);
        self.plan(move || next.take().unwrap_or(NetworkFault::None));
    }

    /// Injects `fault` into the next append, or batch of appends, that contains `text`.
    pub(crate) fn once_for(&self, text: &'static str, fault: NetworkFault) {
        let mut next = Some(fault);
        *self.shared.plan.lock().unwrap() = Box::new(move |message| {
            let here = message.windows(text.len()).any(|part| part == text.as_bytes());
            if here { next.take().unwrap_or(NetworkFault::None) } else { NetworkFault::None }
        });
    }

    /// The number of faults injected.
    pub(crate) fn faults(&self) -> u64 {
        self.shared.faults.load(Ordering::Acquire)
    }

    /// Forwards the second halves, from now on.
    pub(crate) fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// Cuts every connection in both directions.
    pub(crate) fn cut(&self) {
        self.shared.cut.send_modify(|count| *count += 1);
    }

    /// Sets whether new connections are closed at once.
    pub(crate) fn refuse_connections(&self, refuse: bool) {
        self.shared.refusing.store(refuse, Ordering::Release);
    }

    /// Sets whether new connections are accepted and never answered, as by a pooler without a free server.
    pub(crate) fn stall_connections(&self, stall: bool) {
        self.shared.stalling.store(stall, Ordering::Release);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept.abort();
        self.cut();
    }
}

/// One connection, and the state that its two directions share.
struct Line {
    shared: Arc<Shared>,
    state: Mutex<State>,
    closed: Notify,
}

#[derive(Default)]
struct State {
    /// The prepared statements that append.
    appends: HashSet<Vec<u8>>,
    /// How many `ReadyForQuery` messages the server owes, including the one at the start.
    awaited: u64,
    /// The number of the first answer that is withheld, and the fault that withholds it.
    withheld: Option<(u64, NetworkFault)>,
}

async fn connect(client: TcpStream, shared: Arc<Shared>) {
    let Ok(server) = TcpStream::connect(shared.upstream).await else { return };
    let mut cut = shared.cut.subscribe();
    drop(client.set_nodelay(true));
    drop(server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let withheld = shared.stalling.load(Ordering::Acquire).then_some((2, NetworkFault::Silence));
    let state = State { awaited: 1, withheld, ..State::default() };
    let line = Line { shared, state: Mutex::new(state), closed: Notify::new() };
    tokio::select! {
        () = line.requests(from_client, to_server) => {}
        () = line.answers(from_server, to_client) => {}
        () = line.closed.notified() => {}
        _ = cut.changed() => {}
    }
}

impl Line {
    /// From the client to the server.
    async fn requests(&self, mut client: OwnedReadHalf, mut server: OwnedWriteHalf) {
        let mut started = false;
        while let Some(message) = read(&mut client, started).await {
            if !started {
                started = true;
            }
            let fault = self.choose_fault(&message);
            match fault {
                NetworkFault::CutBefore => return self.closed.notify_one(),
                NetworkFault::CutWithin => {
                    drop(server.write_all(&message[..message.len() / 2]).await);
                    return self.closed.notify_one();
                }
                NetworkFault::None
                | NetworkFault::DropAcknowledgement
                | NetworkFault::Silence
                | NetworkFault::Delay(_)
                | NetworkFault::HoldSecondHalf => {}
            }
            let (first, second) =
                message.split_at(if fault == NetworkFault::HoldSecondHalf { message.len() / 2 } else { 0 });
            if server.write_all(first).await.is_err() {
                return;
            }
            if fault == NetworkFault::HoldSecondHalf {
                drop(self.shared.released.subscribe().wait_for(|released| *released).await);
            }
            if server.write_all(second).await.is_err() {
                return;
            }
        }
    }

    /// From the server to the client.
    async fn answers(&self, mut server: OwnedReadHalf, mut client: OwnedWriteHalf) {
        let mut ready = 0;
        while let Some(message) = read(&mut server, true).await {
            let mut withheld = self.state.lock().unwrap().withheld.filter(|(from, _)| ready + 1 >= *from);
            if let Some((_, NetworkFault::Delay(late))) =
                withheld.take_if(|(_, fault)| matches!(fault, NetworkFault::Delay(_)))
            {
                self.state.lock().unwrap().withheld = None;
                tokio::time::sleep(late).await;
            }
            if message[0] == b'Z' {
                ready += 1;
                // When the server is ready again, its transaction has ended.
                if let Some((_, NetworkFault::DropAcknowledgement)) = withheld {
                    return;
                }
            }
            if withheld.is_none() && client.write_all(&message).await.is_err() {
                return;
            }
        }
    }

    /// The fault that is planned for `message`, whose answer is the next that the server owes.
    fn injected(&self, state: &mut State, message: &[u8]) -> NetworkFault {
        if state.withheld.is_some() {
            return NetworkFault::None;
        }
        let fault = (self.shared.plan.lock().unwrap())(message);
        if fault != NetworkFault::None {
            self.shared.faults.fetch_add(1, Ordering::AcqRel);
        }
        if matches!(fault, NetworkFault::DropAcknowledgement | NetworkFault::Silence | NetworkFault::Delay(_)) {
            state.withheld = Some((state.awaited + 1, fault));
        }
        fault
    }

    fn choose_fault(&self, message: &[u8]) -> NetworkFault {
        let mut state = self.state.lock().unwrap();
        match message.first() {
            Some(b'P') => {
                let (name, rest) = text(&message[5..]);
                if text(rest).0.windows(8).any(|window| window == b".append(") {
                    state.appends.insert(name.to_vec());
                }
            }
            Some(b'B') => {
                let (_portal, rest) = text(&message[5..]);
                if state.appends.contains(text(rest).0) {
                    return self.injected(&mut state, message);
                }
            }
            Some(b'Q') => {
                let is_commit = message.ends_with(b"; COMMIT\0");
                let fault = if is_commit { self.injected(&mut state, message) } else { NetworkFault::None };
                state.awaited += 1;
                return fault;
            }
            Some(b'S') => state.awaited += 1,
            _ => {}
        }
        NetworkFault::None
    }
}

/// Reads one message: a type byte and a length, or only a length before the session has started.
async fn read(from: &mut OwnedReadHalf, started: bool) -> Option<Vec<u8>> {
    let mut message = vec![0; if started { 5 } else { 4 }];
    from.read_exact(&mut message).await.ok()?;
    let letters = message.len() - 4;
    let length = u32::from_be_bytes(message[letters..].try_into().ok()?) as usize;
    message.resize(letters + length, 0);
    from.read_exact(&mut message[letters + 4..]).await.ok()?;
    Some(message)
}

/// Splits off a text that ends with a zero byte.
fn text(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    (&bytes[..end], &bytes[(end + 1).min(bytes.len())..])
}

/// The port of the server at `url`.
pub(crate) fn port(url: &str) -> u16 {
    let config: Config = url.parse().unwrap();
    config.get_ports()[0]
}
