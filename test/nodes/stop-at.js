// Loaded into a server before anything else: at SIGUSR2 it reads from the file STOP_AT_FILE where
// to stop, "<failpoint> <which time> <signal>", and sends itself that signal when it comes there.
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { onFailpoint } from '../../dist/shared/failpoint.js';

const place = process.env.STOP_AT_FILE;
if (isMainThread && place) process.on('SIGUSR2', arm);

function arm() {
  const [at, nth, signal] = readFileSync(place, 'utf8').split(' ');
  let hits = 0;
  onFailpoint(async (name) => {
    if (name !== at || ++hits !== Number(nth)) return;
    onFailpoint(undefined);
    process.kill(process.pid, signal);
  });
}
