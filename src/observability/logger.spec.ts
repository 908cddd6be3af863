import { describe, expect, it } from '@jest/globals';
import { newLogger } from './logger.js';

describe('the log', () => {
  it('hides what stands under the name of a secret, some levels down too', () => {
    const lines: string[] = [];
    const logger = newLogger('info', { write: (line) => void lines.push(line) });
    logger.info({ secretKey: 'hush', of: { token: 'hush', by: { password: 'hush' } } }, 'said');
    logger.info({ headers: { authorization: 'hush' }, kept: 'seen' }, 'said');
    logger.debug('not said');
    expect(lines.join('')).not.toContain('hush');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'said', secretKey: '[hidden]', service: 'moraine' },
      { headers: { authorization: '[hidden]' }, kept: 'seen' },
    ]);
  });
});
