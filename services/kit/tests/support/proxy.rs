//! A way to a server on which answers get lost. In: a home, and words that the messages hold whose answers are to be lost. Out: the address of the home by that way.
//! Must not lose the messages themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::Home;

/// Passes bytes on; while `cuts` isn't zero, what holds these `words` is passed on and the connection cut before its answer. Out: the service's address of the home.
pub async fn cutting(home: &Home, words: &'static [u8], cuts: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (server, port) = (home.server.port(), listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass_on(client, server, words, cuts.clone()));
        }
    });
    home.app().replace(&format!(":{server}/"), &format!(":{port}/"))
}

async fn pass_on(client: TcpStream, server: u16, words: &'static [u8], cuts: Arc<AtomicUsize>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = from_client.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        let is_meant = buffer[..read].windows(words.len()).any(|part| part == words);
        let cut = is_meant && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if cut {
            answers.abort();
        }
        if to_server.write_all(&buffer[..read]).await.is_err() {
            break;
        }
        if cut {
            // Long enough for the server to take it; the test waits for the effect.
            tokio::time::sleep(Duration::from_millis(100)).await;
            return;
        }
    }
}
