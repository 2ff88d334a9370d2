// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Allotment} from "../types/Aic.sol";

/// @title Says how the supply of AIC is divided and when each part is free (AICompute paper, 6.2 and 6.3).
/// @dev The paper gives 40/20/15/10/10/5, lock-ups of 6 months to 2 years for the team and of 3 to 12 months
/// for advisors and partners. Decided here: the tenth of team and advisors is 8 and 2; the ecosystem's part,
/// which goes to partners, vests as the partners' does; community and marketing are let go evenly.
library AicPlan {
    /// @dev All of the supply, in basis points.
    uint256 internal constant WHOLE_BPS = 10_000;
    uint256 internal constant COUNT = 7;

    bytes32 internal constant SALE = "sale";
    bytes32 internal constant COMMUNITY = "community";
    bytes32 internal constant ECOSYSTEM = "ecosystem";
    bytes32 internal constant TEAM = "team";
    bytes32 internal constant ADVISORS = "advisors";
    bytes32 internal constant RESERVE = "reserve";
    bytes32 internal constant MARKETING = "marketing";

    function allotments() internal pure returns (Allotment[] memory plan) {
        plan = new Allotment[](COUNT);
        plan[0] = Allotment(SALE, 4000, 0, 0);
        plan[1] = Allotment(COMMUNITY, 2000, 0, 1460 days);
        plan[2] = Allotment(ECOSYSTEM, 1500, 90 days, 365 days);
        plan[3] = Allotment(TEAM, 800, 365 days, 1460 days);
        plan[4] = Allotment(ADVISORS, 200, 90 days, 365 days);
        plan[5] = Allotment(RESERVE, 1000, 0, 0);
        plan[6] = Allotment(MARKETING, 500, 0, 730 days);
    }
}
