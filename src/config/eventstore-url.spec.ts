import { describe, expect, it } from '@jest/globals';
import { faultInEventstoreUrl, hasUnsentCredentials } from './eventstore-url.js';

describe('a connection string of EventStoreDB', () => {
  it.each([
    'esdb://127.0.0.1:2113?tls=false',
    'esdb://localhost',
    'esdb+discover://cluster.example:2113/?nodePreference=leader&keepAliveInterval=10000',
    'esdb://admin:chang%40eit@a:2113,b:2113,c:2113?tlsCAFile=%2Fetc%2Fca.crt',
    'esdb://a?user-cert-file=/a.crt&userKeyFile=/a.key',
  ])('is taken as %s', (url) => {
    expect(faultInEventstoreUrl(url)).toBeUndefined();
  });

  it.each([
    ['http://a:2113', /must be esdb:/],
    ['kurrentdb://a:2113', /must be esdb:/],
    ['esdb://', /must be esdb:/],
    [undefined, /must be esdb:/],
    ['esdb://a?tls', /says nothing behind tls/],
    ['esdb://a?tlsCaFiles=x', /has no option tlsCaFiles/],
    ['esdb://a?nodePreference=follower', /nodePreference at leader/],
    ['esdb://a?throwOnAppendFailure=false', /throwOnAppendFailure at true/],
    ['esdb://a?tlsVerifyCert=false', /name a tlsCAFile/],
  ])('is refused as %s', (url, fault) => {
    expect(faultInEventstoreUrl(url)).toMatch(fault);
  });

  it('is never shown by what is said of it', () => {
    for (const rest of ['a b', 'a?nonsense=1', 'a?tlsVerifyCert=false', '']) {
      expect(faultInEventstoreUrl(`esdb://admin:hunter2@${rest}`)).not.toContain('hunter2');
    }
  });

  it('may have credentials that nobody is sent', () => {
    expect(hasUnsentCredentials('esdb://admin:changeit@a:2113?tls=false')).toBe(true);
    expect(hasUnsentCredentials('esdb://admin:changeit@a:2113')).toBe(false);
    expect(hasUnsentCredentials('esdb://a:2113?tls=false')).toBe(false);
  });
});
