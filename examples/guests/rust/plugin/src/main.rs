//! A Rivulet plugin in Rust, on the guest kit `wasmi-plugin-pdk`: one async function a method.
//!
//! The kit serves one request and returns, so `main` ends and the host makes a new instance for the next call.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::info;
use wasmi_plugin_pdk::rpc_message::{RpcError, to_rpc_err};
use wasmi_plugin_pdk::server::PluginServer;
use wasmi_plugin_pdk::transport::{JsonRpcTransport, Transport};

/// What the host knows of this plugin without running it: its manifest, in a custom section of the module.
#[unsafe(link_section = "rivulet")]
#[used]
static MANIFEST: [u8; include_bytes!("../manifest.json").len()] = *include_bytes!("../manifest.json");

/// The host's end of the pipe: `host.call(method, params).await` calls a method of the host.
type Host = Arc<JsonRpcTransport>;

/// The one number that a method takes, sent as `5` or as `[5]`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Bare(u64),
    Listed([u64; 1]),
}

impl Number {
    fn get(self) -> u64 {
        match self {
            Number::Bare(value) | Number::Listed([value]) => value,
        }
    }
}

#[derive(Serialize)]
struct Primes {
    count: usize,
    limit: u64,
}

async fn ping(_: Host, _: Value) -> Result<&'static str, RpcError> {
    info!("ping");
    Ok("pong")
}

async fn get_random_number(_: Host, _: Value) -> Result<u64, RpcError> {
    info!("get_random_number");
    getrandom::u64().map_err(to_rpc_err)
}

async fn get_time(_: Host, _: Value) -> Result<u64, RpcError> {
    info!("get_time");
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).map_err(to_rpc_err)?;
    Ok(since_1970.as_secs())
}

async fn sleep(_: Host, milliseconds: Number) -> Result<(), RpcError> {
    let milliseconds = milliseconds.get();
    info!("sleep {milliseconds} ms");
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    Ok(())
}

async fn many_echo(host: Host, count: Number) -> Result<(), RpcError> {
    let count = count.get();
    info!("many_echo, {count} times");
    for i in 0..count {
        let response = host.call("echo", i.into()).await?;
        if response.result != i {
            return Err(RpcError::Custom(format!("echo {i} came back as {}", response.result)));
        }
    }
    Ok(())
}

async fn prime_sieve(_: Host, limit: Number) -> Result<Primes, RpcError> {
    let limit = limit.get();
    info!("prime_sieve up to {limit}");
    let size = usize::try_from(limit.saturating_add(1)).map_err(to_rpc_err)?;
    let mut composite = Vec::new();
    composite.try_reserve_exact(size).map_err(to_rpc_err)?;
    composite.resize(size, false);

    let mut count = 0;
    for number in 2..size {
        if !composite[number] {
            count += 1;
            // Smaller multiples have a smaller prime factor, which crossed them out.
            for multiple in (number.saturating_mul(number)..size).step_by(number) {
                composite[multiple] = true;
            }
        }
    }
    Ok(Primes { count, limit })
}

fn main() {
    // stdout belongs to the protocol; logs, the kit's own warnings among them, go to stderr.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .init();

    PluginServer::new_with_transport()
        .with_method("ping", ping)
        .with_method("get_random_number", get_random_number)
        .with_method("get_time", get_time)
        .with_method("sleep", sleep)
        .with_method("many_echo", many_echo)
        .with_method("prime_sieve", prime_sieve)
        .run();
}
