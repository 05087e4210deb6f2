/** What is fed with malformed payloads: one source, by `SOURCE`, into a file; what cannot be read into the dead letters. */

import { file, flow, stdin } from 'daoflow';
import { http } from 'daoflow/http';
import { tcp } from 'daoflow/tcp';
import { MAX_BODY_BYTES, MAX_EVENT_BYTES } from './oracle.mjs';

const { SOURCE, OUT, DATA, LETTERS, INPUT } = process.env;

const SOURCES = {
  http: () =>
    http({
      port: 0,
      path: '/events',
      maxBodyBytes: MAX_BODY_BYTES,
      maxEventBytes: MAX_EVENT_BYTES,
      headersTimeout: '1s',
      requestTimeout: '1s',
    }),
  tcp: () => tcp({ port: 0, maxEventBytes: MAX_EVENT_BYTES }),
  file: () => file([`${INPUT}/*.ndjson`, `${INPUT}/*.csv`, `${INPUT}/*.gz`], { maxEventBytes: MAX_EVENT_BYTES }),
  stdin: () => stdin({ maxEventBytes: MAX_EVENT_BYTES }),
};

const events = flow('payloads', DATA === undefined ? {} : { data: DATA });
if (LETTERS !== undefined) events.deadLetters({ path: LETTERS });
export default events.from(SOURCES[SOURCE]()).to(file(OUT, { mode: 'append' }));
