import { Controller, Req } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { IssueAddress } from '../commands/address/issue-address.js';
import { LinkAddress } from '../commands/address/link-address.js';
import type { Request } from '../commands/request.js';
import { DomainError } from '../domain/errors.js';
import type { StorageNamespace } from '../domain/model.js';
import { Asked, type EdgeRequest } from './caller.js';
import { objectToLink, StagingMetadata } from './dto/staging-metadata.js';
import { JsonBody } from './json-body.js';
import { OBJECT_STATS, STAGING_LOCATION } from './openapi/answer-schemas.js';
import { FLAG, TEXT } from './openapi/schema.js';
import { ObjectOnBranch, type ObjectPlaceOnBranch, queryOf } from './params.js';
import { Presigned } from './presigned.js';
import { Serves } from './serves.js';
import { EdgeSettings } from './settings.js';
import { objectJson, seconds } from './wire.js';
import { conditionOf } from './write-condition.js';

/** Objects whose bytes a client stores itself: an address to store them at, then a link to it. */
@Controller()
export class StagingController {
  readonly #addressRule: RegExp;

  constructor(
    private readonly commands: CommandBus,
    private readonly presigned: Presigned,
    private readonly settings: EdgeSettings,
  ) {
    this.#addressRule = new RegExp(settings.blockStore.namespaceRule);
  }

  @Serves('getPhysicalAddress', {
    answers: STAGING_LOCATION,
    query: { 'presign?': FLAG },
  })
  async address(
    @ObjectOnBranch() { repository, branch, path }: ObjectPlaceOnBranch,
    @Req() request: EdgeRequest,
  ) {
    const isPresigned = queryOf(request).flag('presign');
    const address = await this.commands.execute(new IssueAddress(repository, branch, path));
    if (!isPresigned) return { physical_address: address, presigned_url: null };
    const { url, expiresAtMs } = this.presigned.write(request, address);
    return {
      physical_address: address,
      presigned_url: url,
      presigned_url_expiry: seconds(expiresAtMs),
    };
  }

  @Serves('linkPhysicalAddress', {
    answers: OBJECT_STATS,
    headers: { 'if-match?': TEXT, 'if-none-match?': TEXT },
    refuses: [
      'address_expired',
      'address_foreign',
      'address_forged',
      'address_refused',
      'address_unsigned',
      'address_used',
      'branch_not_found',
      'not_implemented',
      'path_exists',
      'precondition_failed',
      'protected_branch_write',
      'read_only_repository',
    ],
  })
  async link(
    @ObjectOnBranch() { repository, branch, path }: ObjectPlaceOnBranch,
    @JsonBody(StagingMetadata) body: StagingMetadata,
    @Req() { headers }: EdgeRequest,
    @Asked() asked: Request,
  ) {
    const link = objectToLink(path, body, conditionOf(headers));
    // Nobody could ever read it by this server.
    if (!this.#addressRule.test(link.physicalAddress)) {
      throw new DomainError('address_foreign', { store: this.settings.blockStore.type });
    }
    const entry = await this.commands.execute(new LinkAddress(repository, branch, link, asked));
    const json = objectJson({ path, entry, namespace: NOWHERE });
    // The address is told as the client gave it.
    return { ...json, physical_address: link.physicalAddress };
  }
}

const NOWHERE = '' as StorageNamespace;
