//! Drives kincir's in-memory broker for Millrace's benchmarks. Prints one JSON object a line.
//!
//! The broker runs with `for_high_performance().with_persistence(false)`: with its default configuration it stops for good at message 10,001.

use kincir::ack::AckSubscriber;
use kincir::memory::{InMemoryAckSubscriberFixed, InMemoryBroker, InMemoryConfig, InMemoryPublisher, InMemorySubscriber};
use kincir::{Message, Publisher, Subscriber};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const TOPIC: &str = "bench";
const USAGE: &str = "usage: kincir-rival [--sizes 16,64] [--subscribers 1,10] [--messages N] [--repeats N] [--no-ack]";

struct Options {
    sizes: Vec<usize>,
    subscribers: Vec<usize>,
    /// Deliveries in each repeat: with more subscribers fewer messages are published.
    messages: usize,
    repeats: usize,
    ack: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let options = options(std::env::args().skip(1)).map_err(|error| format!("{error}\n{USAGE}"))?;
    for &size in &options.sizes {
        for &subscribers in &options.subscribers {
            let count = (options.messages / subscribers).max(1);
            // The first run is a warm-up and is not told.
            for repeat in 0..=options.repeats {
                let took = run(size, subscribers, count, options.ack).await?.as_secs_f64();
                if repeat > 0 {
                    let case = if options.ack { "publish receive ack" } else { "publish receive" };
                    let deliveries = (count * subscribers) as f64 / took;
                    println!(
                        r#"{{"case":"{case}","size":{size},"subscribers":{subscribers},"repeat":{repeat},"perSecond":{},"deliveriesPerSecond":{deliveries},"messages":{count},"seconds":{took}}}"#,
                        count as f64 / took,
                    );
                }
            }
        }
    }
    Ok(())
}

/// From the first publish to the last delivery's acknowledgement; publisher and subscribers run at once.
async fn run(size: usize, subscribers: usize, count: usize, ack: bool) -> Result<Duration, Failure> {
    let broker = Arc::new(InMemoryBroker::new(InMemoryConfig::for_high_performance().with_persistence(false)));
    let mut tasks = Vec::with_capacity(subscribers);
    for _ in 0..subscribers {
        tasks.push(if ack { with_ack(&broker, count).await? } else { without_ack(&broker, count).await? });
    }
    let publisher = InMemoryPublisher::new(broker.clone());
    let payload = vec![7u8; size];
    let start = Instant::now();
    let publishing = tokio::spawn(async move {
        for _ in 0..count {
            publisher.publish(TOPIC, vec![Message::new(payload.clone())]).await?;
        }
        Ok::<(), Failure>(())
    });
    publishing.await??;
    for task in tasks {
        task.await??;
    }
    let took = start.elapsed();
    broker.force_shutdown()?;
    Ok(took)
}

type Task = tokio::task::JoinHandle<Result<(), Failure>>;

async fn with_ack(broker: &Arc<InMemoryBroker>, count: usize) -> Result<Task, Failure> {
    let mut subscriber = InMemoryAckSubscriberFixed::new(broker.clone());
    subscriber.subscribe(TOPIC).await?;
    Ok(tokio::spawn(async move {
        for _ in 0..count {
            let (_, handle) = subscriber.receive_with_ack().await?;
            subscriber.ack(handle).await?;
        }
        Ok(())
    }))
}

async fn without_ack(broker: &Arc<InMemoryBroker>, count: usize) -> Result<Task, Failure> {
    let mut subscriber = InMemorySubscriber::new(broker.clone());
    subscriber.subscribe(TOPIC).await?;
    Ok(tokio::spawn(async move {
        for _ in 0..count {
            subscriber.receive().await?;
        }
        Ok(())
    }))
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { sizes: vec![16, 64, 256, 1024], subscribers: vec![1], messages: 200_000, repeats: 5, ack: true };
    while let Some(name) = arguments.next() {
        if name == "--no-ack" {
            options.ack = false;
            continue;
        }
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match name.as_str() {
            "--sizes" => options.sizes = numbers(&value)?,
            "--subscribers" => options.subscribers = numbers(&value)?,
            "--messages" => options.messages = number(&value)?,
            "--repeats" => options.repeats = number(&value)?,
            _ => return Err(format!("unknown option {name}")),
        }
    }
    if options.subscribers.contains(&0) {
        return Err("at least one subscriber".to_string());
    }
    Ok(options)
}

fn numbers(list: &str) -> Result<Vec<usize>, String> {
    list.split(',').map(number).collect()
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("'{text}' is not a number"))
}
