// A test that fails may be tried again as often as CORACLE_RETRIES says (not at all, unless it is set): CI sets it, as one
// test in thousands that a busy machine disturbed must not hide the rest. What passed only then is named: `unsteady: ...`.
import { jest } from '@jest/globals';

const retries = Number(process.env.CORACLE_RETRIES ?? 0);
if (retries > 0) jest.retryTimes(retries, { logErrorsBeforeRetry: true });
