// A profile of a running server, by the protocol of Node's inspector.

/** Often enough for requests that take a tenth of a millisecond, and hardly a load of its own. */
const INTERVAL_US = 500;

/**
 * @param {string} inspect  host and port, as the server was told by `node --inspect=…`
 * @param {number} seconds
 */
export async function takeProfile(inspect, seconds) {
  if (typeof WebSocket === 'undefined') throw new Error('this takes Node 22 or newer');
  const targets = await (await fetch(`http://${inspect}/json`)).json();
  const socket = new WebSocket(targets[0].webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error(`no inspector answers at ${inspect}`)));
  });
  try {
    const ask = askBy(socket);
    await ask('Profiler.enable');
    await ask('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    await ask('Profiler.start');
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return (await ask('Profiler.stop')).profile;
  } finally {
    socket.close();
  }
}

function askBy(socket) {
  const waiting = new Map();
  let count = 0;
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error } = JSON.parse(data);
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error) reject?.(new Error(error.message));
    else resolve?.(result);
  });
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      waiting.set(++count, { resolve, reject });
      socket.send(JSON.stringify({ id: count, method, params }));
    });
}
