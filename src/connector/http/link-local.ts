/**
 * Addresses that only this link knows: there cloud machines keep the credentials of their own account (169.254.169.254 and
 * its like). A flow never sends there unless it says so, neither by address nor by a name that leads there.
 */

import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
/** Metadata services with addresses of their own: Amazon's over IPv6, Alibaba's, Oracle's older one. */
LINK_LOCAL.addAddress('fd00:ec2::254', 'ipv6');
LINK_LOCAL.addAddress('100.100.100.200', 'ipv4');
LINK_LOCAL.addAddress('192.0.0.192', 'ipv4');

/** @param host - of a URL: an IPv6 address may stand in brackets; a name is not looked up */
export function isLinkLocal(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return family !== 0 && LINK_LOCAL.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** As the system looks names up, less what leads to this link. @param system - in its place, for tests */
export function lookupBeyondLink(system: LookupFunction = systemLookup): LookupFunction {
  return (host, options, done) => {
    system(host, options, (error, address, family) => {
      const addresses = typeof address === 'string' ? [address] : address.map((each) => each.address);
      const found = error === null ? addresses.find(isLinkLocal) : undefined;
      if (found === undefined) done(error, address, family);
      else done(Object.assign(new Error(refusal(host, found)), { code: 'EACCES' }), []);
    });
  };
}

export function refusal(host: string, address: string): string {
  const what = host === address ? address : `${host} is ${address},`;
  return `${what} an address of this link only, where machines keep their credentials: say allowLinkLocal: true if that is wanted`;
}
