import { describe, expect, it } from '@jest/globals';
import { Controller, Param, ParseIntPipe, UseGuards } from '@nestjs/common';
import { BranchesController } from './branches.controller.js';
import { directHandlers } from './direct-routes.js';
import { ObjectReadsController } from './object-reads.controller.js';
import { Serves } from './serves.js';

const BRANCH = '/api/v1/repositories/:repository/branches/:branch';
const anybody = { canActivate: () => true as const };

/** The controllers' methods are only read, so nothing needs to stand behind them. */
function routesOf(...types: readonly { readonly prototype: object }[]): string[] {
  const controllers = types.map(({ prototype }) => Object.create(prototype) as object);
  return [...directHandlers(controllers, anybody).keys()];
}

describe('the operations that are called directly', () => {
  it('are those of a controller, each by its route', () => {
    expect(routesOf(BranchesController)).toContain(`GET ${BRANCH}`);
    expect(routesOf(ObjectReadsController).length).toBeGreaterThanOrEqual(4);
  });

  it('leave out one with a pipe at a parameter', () => {
    @Controller()
    class Piped {
      @Serves('getBranch')
      get(@Param('branch', ParseIntPipe) _branch: number): void {}

      @Serves('deleteBranch')
      delete(): void {}
    }
    expect(routesOf(Piped)).toEqual([`DELETE ${BRANCH}`]);
  });

  it('leave out one with a guard of its own, at the method or at the controller', () => {
    @Controller()
    class OneGuarded {
      @Serves('getBranch')
      @UseGuards(anybody)
      get(): void {}

      @Serves('deleteBranch')
      delete(): void {}
    }
    @Controller()
    @UseGuards(anybody)
    class AllGuarded {
      @Serves('getBranch')
      get(): void {}
    }
    expect(routesOf(OneGuarded, AllGuarded)).toEqual([`DELETE ${BRANCH}`]);
  });

  it('leave out methods that serve none', () => {
    @Controller()
    class Other {
      help(): void {}
    }
    expect(routesOf(Other)).toEqual([]);
  });
});
