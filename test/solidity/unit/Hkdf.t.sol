// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Hkdf} from "contracts/src/libraries/Hkdf.sol";
import {Hpke} from "contracts/src/libraries/Hpke.sol";

/// @dev Answers of RFC 5869, appendix A, and RFC 9180, appendix A.3.1; outputs cut to 32 bytes.
contract HkdfTest is Test {
    function test_rfc5869_case1() public pure {
        bytes32 key =
            Hkdf.extract(hex"000102030405060708090a0b0c", hex"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");

        assertEq(key, 0x077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5, "PRK");
        assertEq(
            Hkdf.expand(key, hex"f0f1f2f3f4f5f6f7f8f9"),
            0x3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf,
            "OKM"
        );
    }

    function test_rfc5869_case3_withoutSaltAndInfo() public pure {
        bytes32 key = Hkdf.extract(0, hex"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");

        assertEq(key, 0x19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04, "PRK");
        assertEq(
            Hkdf.expand(key, ""), 0x8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d, "OKM"
        );
    }

    function test_rfc9180_p256_baseMode() public pure {
        bytes memory enc =
            hex"04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4";
        bytes memory recipient =
            hex"04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0";
        // x of the point that both keys of the RFC make, computed apart.
        bytes32 dh = 0x13f918529458d2542531406888c8a6d4ea7ff473a6f4db452ac3c4ae1d01cea1;

        bytes32 shared = Hpke.sharedSecret(dh, enc, recipient);
        bytes32 exporter = Hpke.exporterSecret(shared, 0x0001, "Ode on a Grecian Urn");

        assertEq(shared, 0xc0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8, "shared_secret");
        assertEq(
            exporter, 0x14ad94af484a7ad3ef40e9f3be99ecc6fa9036df9d4920548424df127ee0d99f, "exporter_secret"
        );
        assertEq(
            Hpke.exported(exporter, 0x0001, ""),
            0x5e9bc3d236e1911d95e65b576a8a86d478fb827e8bdfe77b741b289890490d4d,
            "export without a context"
        );
        assertEq(
            Hpke.exported(exporter, 0x0001, hex"00"),
            0x6cff87658931bda83dc857e6353efe4987a201b849658d9b047aab4cf216e796,
            "export for 00"
        );
        assertEq(
            Hpke.exported(exporter, 0x0001, "TestContext"),
            0xd8f1ea7942adbba7412c6d431c62d01371ea476b823eb697e1f6e6cae1dab85a,
            "export for TestContext"
        );
    }
}
