import { describe, expect, it } from '@jest/globals';
import { Counter, Histogram, Registry } from 'prom-client';
import { Spreads, Tallies } from './tallies.js';

const help = 'Said of it.';

describe('figures that are told when somebody asks', () => {
  it('are told as the registry tells its own counters', async () => {
    const [ours, its] = [new Registry(), new Registry()];
    const tallies = new Tallies(ours, { name: 'asked_total', help, labels: ['what', 'how'] });
    const labelNames = ['what', 'how'] as const;
    const counter = new Counter({ name: 'asked_total', help, labelNames, registers: [its] });
    for (const labels of [
      { what: 'a', how: 'b' },
      { what: 'a b', how: 'c' },
    ]) {
      tallies.of(labels).add(2);
      tallies.of(labels).add();
      counter.inc(labels, 3);
    }

    expect(await ours.metrics()).toBe(await its.metrics());
    expect(await ours.metrics()).toContain('asked_total{what="a b",how="c"} 3');
  });

  it('are told as the registry tells its own histograms, values on the bounds too', async () => {
    const [ours, its] = [new Registry(), new Registry()];
    const bounds = [0.5, 1, 2];
    const spreads = new Spreads(ours, { name: 'took_seconds', help, labels: ['what'], bounds });
    const histogram = new Histogram({
      name: 'took_seconds',
      help,
      labelNames: ['what'],
      buckets: bounds,
      registers: [its],
    });
    for (const value of [0.1, 0.5, 0.75, 1, 2, 3]) {
      spreads.of({ what: 'a' }).add(value);
      histogram.observe({ what: 'a' }, value);
    }

    expect(await ours.metrics()).toBe(await its.metrics());
  });

  it('are there before anything has happened', async () => {
    const registry = new Registry();
    new Tallies(registry, { name: 'asked_total', help }).of({});
    new Spreads(registry, { name: 'took_seconds', help, bounds: [1] }).of({});

    const text = await registry.metrics();
    expect(text).toContain('asked_total 0');
    expect(text).toContain('took_seconds_bucket{le="+Inf"} 0');
  });
});
