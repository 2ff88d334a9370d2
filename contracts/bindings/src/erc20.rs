//! Speaks to ERC-20 tokens, as far as those need it who pay with them.

use alloy_sol_types::sol;

sol! {
    /// A token; some answer `approve` with nothing.
    #[derive(Debug)]
    interface Erc20 {
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function decimals() external view returns (uint8);
        function symbol() external view returns (string);
    }
}
