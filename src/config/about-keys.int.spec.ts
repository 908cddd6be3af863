import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ABOUT_KEYS, configurationPage } from './about-keys.js';
import { CONFIG_KEYS } from './server.config.js';

describe('the page of all settings', () => {
  it('is what the program prints: `npx moraine config page > docs/configuration.md`', () => {
    const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
    expect(page).toBe(configurationPage());
  });

  it('has every key once', () => {
    expect(Object.keys(ABOUT_KEYS).toSorted()).toEqual([...CONFIG_KEYS].toSorted());
  });
});
