//! Names the money of an amount: UNC, or a token by its own digits and symbol.

use crate::{
    amount::{Amount, Scale},
    session::Session,
};
use alloy_primitives::{
    Address, U256,
    utils::{format_units, parse_units},
};
use anyhow::{Context as _, Result, anyhow, bail};
use utnet_bindings::Erc20;

/// Symbols longer than this are no symbols.
const MOST_SYMBOL_BYTES: usize = 16;

/// What is paid with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Money {
    /// Zero: the coin.
    pub(crate) token: Address,
    decimals: u8,
    symbol: String,
}

impl Money {
    /// The money of an order or a rental; zero is UNC. A token is asked for its digits and symbol.
    pub(crate) async fn of(session: &Session, token: Address) -> Result<Self> {
        if token.is_zero() {
            return Ok(Self { token, decimals: 18, symbol: "UNC".to_owned() });
        }
        let decimals = session
            .read_at(token, &Erc20::decimalsCall {})
            .await
            .with_context(|| format!("{token} does not answer as a token"))?;
        let symbol = session.read_at(token, &Erc20::symbolCall {}).await.unwrap_or_default();
        Ok(Self { token, decimals, symbol: shown_symbol(&symbol, token) })
    }

    pub(crate) fn is_coin(&self) -> bool {
        self.token.is_zero()
    }

    /// An amount in the smallest units of this money.
    pub(crate) fn units(&self, amount: &Amount) -> Result<U256> {
        let digits = match amount.scale() {
            Scale::Whole => self.decimals,
            Scale::Smallest => 0,
            Scale::Gwei if self.is_coin() => 9,
            Scale::Gwei => bail!("{amount} is an amount of UNC, not of {}", self.symbol),
        };
        let parsed = parse_units(amount.number(), digits)
            .with_context(|| format!("{amount} is no amount of {}", self.symbol))?;
        Ok(parsed.get_absolute())
    }

    /// As [`Self::units`], for amounts that contracts keep in 128 bits.
    pub(crate) fn units_u128(&self, amount: &Amount) -> Result<u128> {
        let units = self.units(amount)?;
        u128::try_from(units).map_err(|_too_large| anyhow!("{amount} is more than 2^128 - 1 units"))
    }

    /// Shows units of this money, all digits that matter.
    pub(crate) fn show(&self, units: U256) -> String {
        let text =
            format_units(units, self.decimals).unwrap_or_else(|_no_such_digits| units.to_string());
        let short = match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.'),
            false => &text,
        };
        format!("{short} {}", self.symbol)
    }
}

/// A symbol as it may be printed; the address of a token whose symbol may not.
fn shown_symbol(symbol: &str, token: Address) -> String {
    let is_plain = symbol.bytes().all(|byte| byte.is_ascii_graphic());
    match is_plain && (1..=MOST_SYMBOL_BYTES).contains(&symbol.len()) {
        true => symbol.to_owned(),
        false => format!("units of {token}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(decimals: u8) -> Money {
        Money { token: Address::repeat_byte(1), decimals, symbol: "TST".to_owned() }
    }

    fn amount(text: &str) -> Amount {
        text.parse().expect("an amount")
    }

    #[test]
    fn a_token_counts_by_its_own_digits() {
        assert_eq!(token(6).units(&amount("1.5")).ok(), Some(U256::from(1_500_000)));
        assert_eq!(token(6).units(&amount("7wei")).ok(), Some(U256::from(7)));
        assert_eq!(token(6).show(U256::from(1_500_000)), "1.5 TST");
        assert_eq!(token(0).show(U256::from(100)), "100 TST");
    }

    #[test]
    fn gwei_are_of_the_coin_only() {
        assert!(token(18).units(&amount("3gwei")).is_err());
    }

    #[test]
    fn amounts_beyond_what_contracts_keep_are_refused() {
        assert!(token(0).units_u128(&amount("340282366920938463463374607431768211456")).is_err());
        assert_eq!(token(0).units_u128(&amount("5")).ok(), Some(5));
    }

    #[test]
    fn a_symbol_that_cannot_be_printed_is_not() {
        let address = Address::repeat_byte(1);
        assert_eq!(shown_symbol("USDX", address), "USDX");
        for bad in ["", "\u{1b}[2J", "a b", "seventeen letters"] {
            assert!(shown_symbol(bad, address).starts_with("units of 0x"), "{bad:?}");
        }
    }
}
