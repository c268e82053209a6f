import { setTimeout as sleep } from "node:timers/promises";

import { GatewayError, Problem } from "./errors.js";

/** How often and how patiently a request is sent again. Only requests are that are safe to send twice. */
export interface RetryOptions {
  /** Tries in all, at least 1; default 5. */
  readonly attempts?: number;
  /** Milliseconds before the second try; doubled each time, less up to half by chance; default 500. */
  readonly firstWait?: number;
  /** Milliseconds of the longest wait, also when `Retry-After` asks for more; default 60,000. */
  readonly longestWait?: number;
}

export const DEFAULT_ATTEMPTS = 5;

/** The milliseconds to wait after this try (from 1). `chance` is from 0 to 1. Pure. */
export function waitAfter(attempt: number, error: GatewayError, options: RetryOptions, chance: number): number {
  const { firstWait = 500, longestWait = 60_000 } = options;
  const asked = error instanceof Problem && error.retryAfter !== undefined ? error.retryAfter * 1000 : 0;
  const own = firstWait * 2 ** (attempt - 1) * (1 - chance / 2);
  return Math.min(longestWait, Math.max(asked, own));
}

/** Calls until it works, the error is none to try again for, or the tries are used up: then that error is thrown. */
export async function retrying<T>(
  options: RetryOptions,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
  again: (error: GatewayError) => boolean = (error) => error.retryable,
): Promise<T> {
  for (let attempt = 1; ; ++attempt) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof GatewayError) || !again(error) || attempt >= (options.attempts ?? DEFAULT_ATTEMPTS)) throw error;
      await sleep(waitAfter(attempt, error, options, Math.random()), undefined, signal ? { signal } : {});
    }
  }
}
