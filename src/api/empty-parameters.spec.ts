import { describe, expect, it } from '@jest/globals';
import { emptyParameter } from './empty-parameters.js';

const said = (method: string, path: string) => emptyParameter(method, `/api/v1${path}`)?.message;

describe('an empty name in a URL', () => {
  it.each([
    ['GET', '/repositories//branches', 'repository'],
    ['POST', '/repositories//branches/main/staging/pmpu?path=a', 'repository'],
    ['POST', '/repositories/lake/branches//staging/pmpu', 'branch'],
    ['GET', '/repositories//refs//objects/ls', 'repository'],
    ['GET', '/auth/users//credentials', 'userId'],
  ])('is named: %s %s', (method, path, field) =>
    expect(said(method, path)).toBe(`${field}: value is required but missing`),
  );

  it.each([
    ['GET', '/repositories/'],
    ['DELETE', '/repositories/lake/branches/main/staging/pmpu/?path=a'],
    ['GET', '//repositories'],
    ['GET', '/nope//x'],
    ['PATCH', '/repositories//branches'],
    ['GET', '/repositories/lake/nope'],
  ])('is no endpoint at the end, or where there is none: %s %s', (method, path) =>
    expect(said(method, path)).toBeUndefined(),
  );
});
