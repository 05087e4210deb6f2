/**
 * The generated scanner: one loop over lines of one shape.
 *
 * Invariants
 * - The source is made of this template and of indices only. Names, literals, dictionaries and the
 *   reader are passed by reference; no byte of the data can become code.
 * - What it takes, JSON.parse takes, with the same result (test/fuzz/decoder.test.ts).
 *
 * Why generated: bench/micro/decoder.ts. Four bytes are compared or read at a time (little-endian
 * 32-bit words of a DataView, which need no alignment); V8 folds the literals into the code, as the
 * closure is the only one of its kind.
 *
 * Constants of the template: 808464432 = '0000', 572662306 = '""""', 1549556828 = '\\\\\\\\',
 * 538976288 = four spaces, 16843009 = 0x01010101, -2139062144 = 0x80808080, 1987475062 = 0x76767676
 * (added to a digit's value, 10 and above carry into the high bit), -1640531535 = HASH_FACTOR.
 */
import { decimalQuotient } from './decimal-quotient.ts';
import type { ObjectNode } from './line-shape.ts';
import type { LeafPlan, Scan, ScanPlan } from './scanner.ts';
import { POWERS_OF_TEN } from './powers-of-ten.ts';
import type { ValueReader } from './value-reader.ts';

/** Compiles a scanner for the plan. Cost: about 0.1 ms, and more when V8 optimises it. */
export function generateScanner(plan: ScanPlan, reader: ValueReader): Scan {
  const source = new Source();
  const pow = source.constant(POWERS_OF_TEN);
  const slow = source.constant(reader);
  const quotient = source.constant(decimalQuotient);
  const maxLine = source.constant(plan.maxLineBytes);
  const body = plan.leaves.map((leaf, i) => leafCode(source, leaf, i, { pow, slow, quotient })).join('');
  const end = literalCode(source, plan.shape.suffix);
  const event = objectCode(source, plan.event);
  const locals = plan.leaves.map((leaf, i) => (isNumeric(leaf) ? `x${i}=0.5` : `x${i}`));
  const key = plan.leaves.some((leaf) => leaf.isKey);
  return source.compile(`${source.declarations}
return function scan(b,d,p,safe,out){
const events=out.events,keys=out.keyIds,max=out.maxEvents;
let n=events.length,s=p,neg=false,q=0,w=0,m=0,t=0,k=0,c=0,h=0,e=0,o=0,j=0,r=0,u=0,id=-1,ws;
let ${locals.join(',')};
scan:while(p<=safe&&n<max){
s=p;
${body}${end}if(p-s>${maxLine})break scan;
events[n]=${event};
${key ? 'keys[n]=id;' : 'if(keys!==undefined)keys[n]=-1;'}
n++;s=p;
}
return s;
}`);
}

/**
 * Makes every source unique: V8 would otherwise share the code and type feedback of equal sources, and
 * could no longer fold one closure's literals into it.
 */
let compiled = 0;

interface Shared {
  readonly quotient: string;
  readonly pow: string;
  readonly slow: string;
}

/** Collects what the source refers to. */
class Source {
  declarations = '';
  readonly #values: unknown[] = [];

  constant(value: unknown): string {
    this.#values.push(value);
    return `c${this.#values.length - 1}`;
  }

  compile(body: string): Scan {
    const names = this.#values.map((_, i) => `c${i}`);
    // Our own template with numbered names only, see the invariants.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const factory = new Function(...names, `'use strict';${body}\n//# sourceURL=daoflow-scanner-${++compiled}`) as (
      ...values: unknown[]
    ) => Scan;
    return factory(...this.#values);
  }
}

function isNumeric(leaf: LeafPlan): boolean {
  return leaf.kind === 'wide' || leaf.kind === 'decimal';
}

function leafCode(source: Source, leaf: LeafPlan, i: number, shared: Shared): string {
  return literalCode(source, leaf.prefix) + valueCode(source, leaf, `x${i}`, shared);
}

function valueCode(source: Source, leaf: LeafPlan, x: string, shared: Shared): string {
  switch (leaf.kind) {
    case 'wide':
      return wideCode(x, shared);
    case 'decimal':
      return decimalCode(x, shared);
    case 'word':
      return leaf.skip ? textCode(x, true, shared) : wordCode(source, leaf, x, shared);
    case 'text':
      return textCode(x, leaf.skip, shared);
    case 'atom':
      return atomCode(x, shared);
    case 'json':
      return slowly(x, `json(b,p)`, shared);
  }
}

/** A value read by the slow reader; afterwards the position must be safe again. */
function slowly(x: string, call: string, { slow }: Shared): string {
  return `${x}=${slow}.${call};p=${slow}.end;if(p<0||p>safe)break scan;`;
}

/** Compares bytes by words; the last word overlaps the one before. */
function literalCode(source: Source, literal: Uint8Array): string {
  const view = new DataView(literal.buffer, literal.byteOffset, literal.byteLength);
  const tests: string[] = [];
  const word = (at: number): void => {
    tests.push(`d.getInt32(p+${at},true)!==${source.constant(view.getInt32(at, true))}`);
  };
  let at = 0;
  for (; at + 4 <= literal.length; at += 4) word(at);
  if (at < literal.length && at > 0) word(literal.length - 4);
  else for (; at < literal.length; at++) tests.push(`b[p+${at}]!==${source.constant(literal[at])}`);
  return `if(${tests.join('||')})break scan;p+=${literal.length};\n`;
}

/** Tests that w, four bytes XOR '0000', are four digits. */
const FOUR_DIGITS = '((w|(w+1987475062))&-2139062144)===0';
/** Their value, first digit lowest, into t. */
const FOUR_DIGITS_VALUE = 't=Math.imul(w,10)+(w>>8)&16711935;t=Math.imul(t&255,100)+(t>>16);';

/** Integers of 8 to 15 digits, four at a time. */
function wideCode(x: string, shared: Shared): string {
  return `neg=b[p]===45;q=neg?p+1:p;r=q;
w=d.getInt32(r,true)^808464432;
wide:{if(${FOUR_DIGITS}){${FOUR_DIGITS_VALUE}m=t;
w=d.getInt32(r+4,true)^808464432;
if(${FOUR_DIGITS}){${FOUR_DIGITS_VALUE}m=Math.imul(m,10000)+t|0;r+=8;t=0;
w=d.getInt32(r,true)^808464432;
if(${FOUR_DIGITS}){${FOUR_DIGITS_VALUE}r+=4;}
while((c=b[r]-48)>>>0<10&&r-q<16){t=Math.imul(t,10)+c|0;r++;}
c=b[r];
if(r-q<16&&b[q]!==48&&c!==46&&c!==101&&c!==69){
${x}=m*${shared.pow}[r-q-8]+t;if(neg)${x}=-${x};p=r;break wide;}}}
${slowly(x, 'numeric(b,p)', shared)}}
`;
}

/** Numbers with or without a fraction: of up to 15 digits an exact integer over an exact power of ten. */
function decimalCode(x: string, shared: Shared): string {
  return `neg=b[p]===45;q=neg?p+1:p;r=q;m=0;t=0;k=0;
while((c=b[r]-48)>>>0<10&&r-q<9){m=Math.imul(m,10)+c|0;r++;}
decimal:{if(r>q&&(b[q]!==48||r-q===1)){
u=0;
if(b[r]===46){u=++r;q++;
while((c=b[r]-48)>>>0<10&&r-q<9){m=Math.imul(m,10)+c|0;r++;}
while((c=b[r]-48)>>>0<10&&k<10){t=Math.imul(t,10)+c|0;r++;k++;}
u=r-u;if(u===0||k===10)q=-1;}
c=b[r];
if(q>=0&&(c<48||c>57)&&c!==46&&c!==101&&c!==69){
if(k<7){${x}=k===0?m:m*${shared.pow}[k]+t;if(u!==0)${x}=${x}/${shared.pow}[u];}
else ${x}=${shared.quotient}(m,k,t,u);
if(${x}===${x}){if(neg)${x}=-${x};p=r;break decimal;}}}
${slowly(x, 'numeric(b,p)', shared)}}
`;
}

/** A string looked up by its bytes: hash up to the next quote, then compare. */
function wordCode(source: Source, leaf: LeafPlan, x: string, shared: Shared): string {
  const dictionary = source.constant(leaf.dictionary);
  const strings = source.constant(leaf.dictionary.strings);
  const id = leaf.isKey ? 'id=o;' : '';
  const slowId = leaf.isKey ? `id=${shared.slow}.id;` : '';
  const noId = leaf.isKey ? 'id=-1;' : '';
  return `if(b[p]===34){q=++p;h=0;
for(;;){w=d.getInt32(q,true);t=w^572662306;t=(t-16843009)&~t&-2139062144;
if(t!==0)break;h=Math.imul(h^w,-1640531535);q+=4;if(q>safe)break scan;}
t=31-Math.clz32(t&-t)>>3;w&=(1<<(t<<3))-1;h=Math.imul(h^w,-1640531535);h^=h>>>15;
e=q+t;k=16;ws=${dictionary}.words;
for(;;){o=${dictionary}.table[h&${dictionary}.mask];if(o===0||k===0){o=-1;break;}
if(ws[o]===e-p){j=o+2;for(r=p;r<q;r+=4,j++)if(ws[j]!==d.getInt32(r,true))break;
if(r>=q&&(t===0||ws[j]===w)){o=ws[o+1];break;}}
h++;k--;}
if(o>=0){${x}=${strings}[o];p=e+1;${id}}
else{${slowly(x, `word(${dictionary},b,d,p,e)`, shared)}${slowId}}
}else{${slowly(x, 'value(b,p)', shared)}${noId}}
`;
}

/** A string that seldom repeats: up to the first byte that is not plain ASCII. */
function textCode(x: string, skip: boolean, shared: Shared): string {
  return `if(b[p]===34){q=++p;
for(;;){w=d.getInt32(q,true);t=w^572662306;u=w^1549556828;
t=(((t-16843009)&~t)|((u-16843009)&~u)|(w-538976288)|w)&-2139062144;
if(t!==0)break;q+=4;if(q>safe)break scan;}
e=q+(31-Math.clz32(t&-t)>>3);
if(b[e]===34){${skip ? '' : `${x}=b.latin1Slice(p,e);`}p=e+1;}
else{${slowly(x, 'text(b,p)', shared)}}
}else{${slowly(x, 'value(b,p)', shared)}}
`;
}

/** 'true' = 1702195828, 'fals' = 1936482662, 'null' = 1819047278. */
function atomCode(x: string, shared: Shared): string {
  return `w=d.getInt32(p,true);
if(w===1702195828){${x}=true;p+=4;}
else if(w===1936482662&&b[p+4]===101){${x}=false;p+=5;}
else if(w===1819047278){${x}=null;p+=4;}
else{${slowly(x, 'value(b,p)', shared)}}
`;
}

/**
 * Builds the event by a constructor of its own, the fastest of five ways tried: inline allocation and
 * one hidden class. Its prototype is Object.prototype, so the event is a plain object to everyone.
 */
function objectCode(source: Source, node: ObjectNode): string {
  const values = node.members.map((member) => (typeof member === 'number' ? `x${member}` : objectCode(source, member)));
  const names = node.names.map((name) => source.constant(name));
  const maker = `E${source.constant(undefined)}`;
  const parameters = names.map((_, i) => `a${i}`);
  const stores = names.map((name, i) => `this[${name}]=a${i};`).join('');
  source.declarations += `function ${maker}(${parameters.join(',')}){${stores}}${maker}.prototype=Object.prototype;\n`;
  return `new ${maker}(${values.join(',')})`;
}
