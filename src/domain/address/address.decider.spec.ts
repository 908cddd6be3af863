import { describe, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import { work } from '../../../test/support/samples/branch.samples.js';
import { entry, path } from '../../../test/support/samples/staging.samples.js';
import type { BranchId } from '../model.js';
import { addressDecider } from './address.decider.js';

const given = specFor(addressDecider);
const of = { branch: work, path: path('a'), entry };
const link = { type: 'LinkAddress', ...of } as const;
const linked = { type: 'AddressLinked', ...of } as const;

describe('an issued address', () => {
  it('is linked once, and the same link again is nothing to do', () => {
    given().when(link).then(linked);
    given(linked).when(link).then();
    given(linked)
      .when({ ...link, entry: { ...entry, modifiedAtMs: entry.modifiedAtMs + 5 } })
      .then();
    given(linked, linked).cannotBe('an address is linked once');
  });

  it('is not linked to anything else afterwards', () => {
    const others = [
      { branch: 'other' as BranchId },
      { path: path('b') },
      { entry: { ...entry, checksum: 'x' } },
      { entry: { ...entry, sizeBytes: 2 } },
      { entry: { ...entry, contentType: 'x' } },
      { entry: { ...entry, metadata: [] } },
    ];
    for (const other of others)
      given(linked)
        .when({ ...link, ...other })
        .refused('address_used');
  });
});
