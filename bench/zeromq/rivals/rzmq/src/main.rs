// The cases of the benchmark over rzmq, for comparison. One role per process:
//   rzmq-rival ROLE PORT SIZE COUNT [curve]
// A receiver says "ready" when it is bound and "result N" when it is done; a sender stays until it is killed.
use rzmq::socket::{CURVE_SECRET_KEY, CURVE_SERVER, CURVE_SERVER_KEY, SUBSCRIBE, XPUB_NODROP};
use rzmq::{Context, Msg, Socket, SocketType, ZmqError};
use std::env;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

const SUBSCRIBERS: u64 = 16;
// The key pairs of the CURVE manual page's example.
const SERVER_PUBLIC: &str = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
const SERVER_SECRET: &str = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";
const CLIENT_SECRET: &str = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";

#[derive(Clone, Copy)]
struct Work {
  size: usize,
  count: u64,
}

fn say(what: &str) {
  println!("{what}");
  let _ = std::io::stdout().flush();
}

fn body(size: usize) -> Vec<u8> {
  let mut octets = vec![0u8; size];
  if let Some(first) = octets.first_mut() {
    *first = b't';
  }
  octets
}

// The first fifth warms up and is not counted.
async fn receive_all(socket: &Socket, work: Work) -> Result<(), ZmqError> {
  let warm = work.count / 5;
  for _ in 0..warm {
    socket.recv().await?;
  }
  let began = Instant::now();
  for _ in warm..work.count {
    socket.recv().await?;
  }
  say(&format!("result {}", (work.count - warm) as f64 / began.elapsed().as_secs_f64()));
  Ok(())
}

async fn send_all(socket: &Socket, work: Work) -> Result<(), ZmqError> {
  let octets = body(work.size);
  for _ in 0..work.count {
    socket.send(Msg::from_vec(octets.clone())).await?;
  }
  Ok(())
}

async fn ask_all(socket: &Socket, work: Work) -> Result<(), ZmqError> {
  let octets = body(work.size);
  let warm = work.count / 5;
  let mut took = Vec::with_capacity(work.count as usize);
  for turn in 0..work.count {
    let began = Instant::now();
    socket.send(Msg::from_vec(octets.clone())).await?;
    socket.recv().await?;
    if turn >= warm {
      took.push(began.elapsed().as_secs_f64() * 1e6);
    }
  }
  took.sort_by(f64::total_cmp);
  say(&format!("result {}", took[took.len() / 2]));
  Ok(())
}

async fn subscribe_all(context: &Context, endpoint: &str, work: Work) -> Result<(), ZmqError> {
  let all = work.count * SUBSCRIBERS;
  let warm = all / 5;
  let got = Arc::new(AtomicU64::new(0));
  let began = Arc::new(OnceLock::new());
  let mut tasks = Vec::new();
  for _ in 0..SUBSCRIBERS {
    let socket = context.socket(SocketType::Sub)?;
    socket.set_option(SUBSCRIBE, "t").await?;
    socket.connect(endpoint).await?;
    let (got, began) = (got.clone(), began.clone());
    tasks.push(tokio::spawn(async move {
      loop {
        if socket.recv().await.is_err() {
          return;
        }
        let now = got.fetch_add(1, Ordering::Relaxed) + 1;
        if now == warm {
          let _ = began.set(Instant::now());
        }
        if now == all {
          let since: &Instant = began.get().expect("warmed up before");
          say(&format!("result {}", (all - warm) as f64 / since.elapsed().as_secs_f64()));
        }
      }
    }));
  }
  for task in tasks {
    let _ = task.await;
  }
  Ok(())
}

#[tokio::main]
async fn main() -> Result<(), ZmqError> {
  let args: Vec<String> = env::args().collect();
  if args.len() < 5 {
    std::process::exit(2);
  }
  let endpoint = format!("tcp://127.0.0.1:{}", args[2]);
  let work = Work { size: args[3].parse().expect("a size"), count: args[4].parse().expect("a count") };
  let curve = args.get(5).is_some_and(|mechanism| mechanism == "curve");
  let context = Context::new()?;
  let server = |kind| {
    let context = context.clone();
    async move {
      let socket = context.socket(kind)?;
      if curve {
        socket.set_option(CURVE_SERVER, 1i32).await?;
        socket.set_option(CURVE_SECRET_KEY, SERVER_SECRET).await?;
      }
      Ok::<Socket, ZmqError>(socket)
    }
  };
  let client = |kind| {
    let context = context.clone();
    async move {
      let socket = context.socket(kind)?;
      if curve {
        socket.set_option(CURVE_SECRET_KEY, CLIENT_SECRET).await?;
        socket.set_option(CURVE_SERVER_KEY, SERVER_PUBLIC).await?;
      }
      Ok::<Socket, ZmqError>(socket)
    }
  };

  match args[1].as_str() {
    "pull" => {
      let socket = server(SocketType::Pull).await?;
      socket.bind(&endpoint).await?;
      say("ready");
      receive_all(&socket, work).await?;
    }
    "push" => {
      let socket = client(SocketType::Push).await?;
      socket.connect(&endpoint).await?;
      send_all(&socket, work).await?;
      tokio::time::sleep(Duration::from_secs(60)).await;
    }
    "rep" => {
      let socket = server(SocketType::Rep).await?;
      socket.bind(&endpoint).await?;
      say("ready");
      loop {
        let message = socket.recv().await?;
        socket.send(message).await?;
      }
    }
    "req" => {
      let socket = client(SocketType::Req).await?;
      socket.connect(&endpoint).await?;
      ask_all(&socket, work).await?;
    }
    "pub" => {
      let socket = context.socket(SocketType::Pub)?;
      // Not every version knows it for a PUB; without it a full subscriber is waited for anyway.
      let _ = socket.set_option(XPUB_NODROP, 1i32).await;
      socket.bind(&endpoint).await?;
      say("ready");
      // There is no XPUB to count the subscriptions with.
      tokio::time::sleep(Duration::from_millis(1500)).await;
      send_all(&socket, work).await?;
      tokio::time::sleep(Duration::from_secs(60)).await;
    }
    "sub" => subscribe_all(&context, &endpoint, work).await?,
    "inproc" => {
      let receiver = context.socket(SocketType::Pull)?;
      receiver.bind("inproc://bench").await?;
      let sender = context.socket(SocketType::Push)?;
      sender.connect("inproc://bench").await?;
      let sending = tokio::spawn(async move {
        let _ = send_all(&sender, work).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
      });
      receive_all(&receiver, work).await?;
      sending.abort();
    }
    _ => std::process::exit(2),
  }
  tokio::time::sleep(Duration::from_secs(60)).await;
  Ok(())
}
