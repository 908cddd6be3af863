// What is done, and what is turned away, when so many uploads of 1 KiB arrive a second, whether or
// not the ones before them were answered?
import { Counter, Trend } from 'k6/metrics';
import { newRepository, objectBytes, objectsPath } from '../lib/fixtures.js';
import { seconds } from '../lib/measure.js';
import { postBytes } from '../lib/server.js';

const rate = Number(__ENV.LOAD_RATE || 1000);
/** Connections at most; what arrives while all of them wait is dropped, and counted. */
const clientsMax = Number(__ENV.LOAD_CLIENTS || 3000);

const done = new Counter('done');
const refused = new Counter('refused');
const failed = new Counter('failed');
const took = new Trend('took', true);

export const options = {
  scenarios: {
    arrivals: {
      executor: 'constant-arrival-rate',
      rate,
      timeUnit: '1s',
      duration: `${seconds}s`,
      preAllocatedVUs: Math.min(clientsMax, 500),
      maxVUs: clientsMax,
      gracefulStop: '10s',
    },
  },
  setupTimeout: '60s',
  systemTags: [],
  summaryTrendStats: ['med', 'p(99)', 'max'],
};

const body = objectBytes();

export const setup = () => ({ repository: newRepository() });

export default function work({ repository }) {
  const answer = postBytes(objectsPath(repository, 'main', `w-${__VU}/${__ITER}`), body);
  if (answer.status === 201) {
    done.add(1);
    took.add(answer.timings.duration);
  } else if (answer.status === 503 && answer.headers['Retry-After'] !== undefined) {
    refused.add(1);
  } else {
    failed.add(1);
  }
}

export function handleSummary({ metrics }) {
  const valueOf = (metric, name) => metrics[metric]?.values[name] ?? 0;
  const counts = {
    done: valueOf('done', 'count'),
    refused: valueOf('refused', 'count'),
    failed: valueOf('failed', 'count'),
    dropped: valueOf('dropped_iterations', 'count'),
    p50Ms: valueOf('took', 'med'),
    p99Ms: valueOf('took', 'p(99)'),
  };
  return { [__ENV.LOAD_SUMMARY || 'stdout']: JSON.stringify(counts) };
}
