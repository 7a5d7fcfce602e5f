//! Addresses and networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::eval::{Error, Result};
use super::functions::no_overload;
use super::value::{Text, Value};

/// A network: an address, and how many of its bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    length: u8,
}

/// Reads an address, an IPv4 one inside of IPv6 included.
pub fn parse_loose(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// Reads an address as CEL does: none with a zone, and no IPv4 one inside of IPv6.
pub fn parse_ip(text: &str) -> std::result::Result<IpAddr, String> {
    match parse_loose(text) {
        Some(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => {
            Err(format!("IPv4-mapped IPv6 address {text:?} is not allowed"))
        }
        Some(address) => Ok(address),
        None => Err(format!("IP address {text:?} is none")),
    }
}

impl Cidr {
    pub fn parse(text: &str) -> std::result::Result<Cidr, String> {
        let invalid = || format!("network {text:?} is none");
        let (address, length) = text.split_once('/').ok_or_else(invalid)?;
        let address = parse_ip(address)?;
        let plain = length.bytes().all(|b| b.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
        let length: u8 = length.parse().ok().filter(|_| plain).ok_or_else(invalid)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        if length > bits {
            return Err(invalid());
        }
        Ok(Cidr { address, length })
    }

    /// The address with the bits that do not count set to zero.
    fn masked(self) -> Cidr {
        let address = match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.length)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        };
        Cidr { address, ..self }
    }

    fn contains(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4()
            && Cidr { address, ..self }.masked().address == self.masked().address
    }

    fn contains_network(self, other: Cidr) -> bool {
        self.length <= other.length && self.contains(other.address)
    }
}

/// `ip(text)`
pub fn ip<'a>(text: &str) -> Result<Value<'a>> {
    parse_ip(text).map(Value::Ip).map_err(Error::Failed)
}

/// `cidr(text)`
pub fn cidr<'a>(text: &str) -> Result<Value<'a>> {
    Cidr::parse(text).map(Value::Cidr).map_err(Error::Failed)
}

/// The text of a network.
pub fn cidr_text(cidr: &Cidr) -> String {
    format!("{}/{}", cidr.address, cidr.length)
}

/// The functions of addresses.
pub fn ip_member<'a>(name: &str, this: IpAddr) -> Result<Value<'a>> {
    let link_local_unicast = match this {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.segments()[0] & 0xffc0 == 0xfe80,
    };
    Ok(match name {
        "family" => Value::Int(if this.is_ipv4() { 4 } else { 6 }),
        "isUnspecified" => Value::Bool(this.is_unspecified()),
        "isLoopback" => Value::Bool(this.is_loopback()),
        "isLinkLocalMulticast" => Value::Bool(match this {
            IpAddr::V4(address) => address.octets()[..3] == [224, 0, 0],
            IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
        }),
        "isLinkLocalUnicast" => Value::Bool(link_local_unicast),
        "isGlobalUnicast" => Value::Bool(
            !this.is_unspecified()
                && !this.is_loopback()
                && !this.is_multicast()
                && !link_local_unicast
                && this != IpAddr::V4(Ipv4Addr::BROADCAST),
        ),
        _ => return Err(no_overload(name, &[Value::Ip(this)])),
    })
}

/// The functions of networks.
pub fn cidr_member<'a>(name: &str, this: Cidr, args: &[Value<'a>]) -> Result<Value<'a>> {
    let parse = |text: &Text<'_>| Cidr::parse(text).map_err(Error::Failed);
    Ok(match (name, args) {
        ("containsIP", [Value::Ip(address)]) => Value::Bool(this.contains(*address)),
        ("containsIP", [Value::String(text)]) => {
            Value::Bool(this.contains(parse_ip(text).map_err(Error::Failed)?))
        }
        ("containsCIDR", [Value::Cidr(other)]) => Value::Bool(this.contains_network(*other)),
        ("containsCIDR", [Value::String(text)]) => Value::Bool(this.contains_network(parse(text)?)),
        ("ip", []) => Value::Ip(this.address),
        ("prefixLength", []) => Value::Int(this.length.into()),
        ("masked", []) => Value::Cidr(this.masked()),
        _ => return Err(no_overload(name, &[Value::Cidr(this)])),
    })
}
