// Many failed logins, then one that works, as text. Run it: npx daoflow run examples/brute-force.ts
import { flow, generate, stdout } from 'daoflow';
import { patternFromText } from 'daoflow/pattern';

interface Login {
  readonly user: string;
  readonly ip: string;
  readonly success: boolean;
  readonly at: number;
}

const START = Date.UTC(2026, 0, 1);

/** Twenty users; one of them is attacked: five guesses and a hit, over and over. */
function login(i: number): Login {
  const isAttack = i % 4 === 0;
  const guess = (i / 4) % 6;
  const success = isAttack ? guess === 5 : i % 9 !== 0;
  return isAttack
    ? { user: 'admin', ip: '203.0.113.7', success, at: START + i * 500 }
    : { user: `user-${i % 20}`, ip: `198.51.100.${i % 20}`, success, at: START + i * 500 };
}

const bruteForce = patternFromText<Login>(
  `MEASURES LAST(ok.user) AS user, LAST(ok.ip) AS ip, COUNT(fail.*) AS tries
   AFTER MATCH SKIP PAST LAST ROW
   PATTERN (fail{3,10} ok) WITHIN INTERVAL '5' MINUTE
   DEFINE fail AS success = FALSE,
          ok AS success = TRUE AND ip = FIRST(fail.ip)`,
  'brute force',
);

export default flow('brute-force')
  .from(generate({ rate: 1_000, duration: '2s', make: login }))
  .eventTime((l) => l.at)
  .keyBy('user')
  .match(bruteForce)
  .matches.map(({ value }) => value)
  .to(stdout());
