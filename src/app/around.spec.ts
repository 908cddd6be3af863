import { describe, expect, it } from '@jest/globals';
import { around } from './around.js';

abstract class Port {
  abstract ask(question: string): Promise<string>;

  twice(question: string): Promise<string[]> {
    return Promise.all([this.ask(question), this.ask(question)]);
  }
}

class Adapter extends Port {
  readonly kind = 'real';
  readonly #answer = 42;

  get answer(): number {
    return this.#answer;
  }

  async ask(question: string): Promise<string> {
    return `${question} ${this.#answer}`;
  }
}

describe('a port with something around its calls', () => {
  it('does the same, and is told of each call by its own name', async () => {
    const calls: unknown[] = [];
    const port = around(new Adapter(), (method) => (args, run) => {
      calls.push([method, ...args]);
      return run();
    });

    expect(await port.ask('what?')).toBe('what? 42');
    expect(await port.twice('and?')).toEqual(['and? 42', 'and? 42']);
    expect(calls).toEqual([
      ['ask', 'what?'],
      ['twice', 'and?'],
    ]);
  });

  it('shows what is no method as it is', () => {
    const port = around(new Adapter(), () => (_, run) => run());

    expect(port.answer).toBe(42);
    expect(port.kind).toBe('real');
    expect(port).toBeInstanceOf(Port);
  });

  it('leaves a method alone that nobody wants to hear of', async () => {
    const calls: string[] = [];
    const port = around(new Adapter(), (method) =>
      method === 'twice' ? (_, run) => run() : (calls.push(method), undefined),
    );

    expect(await port.ask('what?')).toBe('what? 42');
    expect(calls).toEqual(['ask']);
  });
});
