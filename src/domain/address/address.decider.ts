import { assert } from '../../shared/assert.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { ObjectEntry } from '../model.js';
import type { AddressCommand, LinkAddress } from './address.commands.js';
import type { AddressEvent } from './address.events.js';
import type { AddressState } from './address.state.js';

/** An address that was given out: used once, so that no two objects share what only one owns. */
export const addressDecider: Decider<AddressCommand, AddressState, AddressEvent> = {
  initial: { status: 'unused' },

  decide(command, address) {
    const { branch, path, entry } = command;
    if (address.status === 'unused') return [{ type: 'AddressLinked', branch, path, entry }];
    // Whoever never heard of the first answer asks again, and it was done.
    if (isSameLink(address, command)) return [];
    throw new DomainError('address_used');
  },

  evolve(address, { branch, path, entry }) {
    assert(address.status === 'unused', 'an address is linked once');
    return { status: 'linked', branch, path, entry };
  },
};

/** The time is left out: nobody says it, so each try has its own. */
function isSameLink(
  linked: { branch: string; path: string; entry: ObjectEntry },
  asked: LinkAddress,
): boolean {
  return (
    linked.branch === asked.branch &&
    linked.path === asked.path &&
    textOf(linked.entry) === textOf(asked.entry)
  );
}

function textOf(entry: ObjectEntry): string {
  const { address, addressType, checksum, sizeBytes, contentType, metadata } = entry;
  return JSON.stringify([address, addressType, checksum, sizeBytes, contentType, metadata]);
}
