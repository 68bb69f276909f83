"""The goods and places of the demo chain. Names, prices and places are made up."""

from __future__ import annotations

# code, name, street, latitude, longitude (GCJ-02)
STORES = [
    ("S01", "太原街店", "和平区太原街2号", 41.7922, 123.4008),
    ("S02", "中街店", "沈河区中街路115号", 41.8005, 123.4586),
    ("S03", "铁西店", "铁西区兴华南街58号", 41.7976, 123.3560),
    ("S04", "北陵店", "皇姑区崇山中路71号", 41.8370, 123.4250),
    ("S05", "浑南店", "浑南区营盘西街17号", 41.7290, 123.4480),
    ("S06", "长白店", "和平区长白西路32号", 41.7530, 123.3880),
]
WAREHOUSE = ("W01", "沈阳中心仓", "于洪区沈大路200号", 41.7500, 123.2700)
HOURS = ("00:00", "24:00")  # open whenever somebody tries it

# Brands and categories: code, name
GRASS = ("GRASS", "草原牧歌")
SPRING = ("SPRING", "长白泉")
TEAHOUSE = ("TEAHOUSE", "清茶坊")
ORCHARD = ("ORCHARD", "果园日记")
SODAWORKS = ("SODAWORKS", "八王寺口味")
BLACKSOIL = ("BLACKSOIL", "黑土地")
ONEBOWL = ("ONEBOWL", "一碗香")
OLDSTREET = ("OLDSTREET", "老街")
CLEAN = ("CLEAN", "净净")
DAIRY = ("DAIRY", "乳品")
DRINKS = ("DRINKS", "饮料")
GRAIN = ("GRAIN", "粮油")
INSTANT = ("INSTANT", "方便食品")
DELI = ("DELI", "熟食")
SNACKS = ("SNACKS", "零食")
CANNED = ("CANNED", "罐头")
HOUSEHOLD = ("HOUSEHOLD", "日化")

# code, name, brand, category, variants: (sku, size, price)
PRODUCTS = [
    ("MILK", "纯牛奶", GRASS, DAIRY, [("MILK-1L", "1升", "12.90"), ("MILK-250", "250毫升", "3.90")]),
    ("YOGURT", "原味酸牛奶", GRASS, DAIRY, [("YOGURT-200", "200克", "6.50")]),
    ("CHEESE", "儿童奶酪棒", GRASS, DAIRY, [("CHEESE-5", "5支", "15.80"), ("CHEESE-20", "20支", "52.00")]),
    ("WATER", "天然矿泉水", SPRING, DRINKS, [("WATER-550", "550毫升", "2.00"), ("WATER-5L", "5升", "11.00")]),
    ("TEA", "茉莉绿茶饮料", TEAHOUSE, DRINKS, [("TEA-500", "500毫升", "4.50")]),
    ("JUICE", "鲜榨橙汁", ORCHARD, DRINKS, [("JUICE-1L", "1升", "18.90")]),
    ("SODA", "老味道橘子汽水", SODAWORKS, DRINKS, [("SODA-330", "330毫升", "3.50")]),
    ("RICE", "稻花香大米", BLACKSOIL, GRAIN, [("RICE-5", "5千克", "59.00"), ("RICE-10", "10千克", "109.00")]),
    ("OIL", "非转基因大豆油", BLACKSOIL, GRAIN, [("OIL-5L", "5升", "69.90")]),
    ("NOODLE", "红烧牛肉面", ONEBOWL, INSTANT, [("NOODLE-1", "单袋", "3.20"), ("NOODLE-5", "五包", "14.90")]),
    ("COLDNOODLE", "东北大冷面", ONEBOWL, INSTANT, [("COLDNOODLE-4", "四份", "16.80")]),
    ("SAUSAGE", "哈尔滨风味红肠", OLDSTREET, DELI, [("SAUSAGE-300", "300克", "22.80")]),
    ("JERKY", "风干牛肉干", GRASS, SNACKS, [("JERKY-100", "100克", "29.90")]),
    ("NUTS", "每日坚果", ORCHARD, SNACKS, [("NUTS-7", "7包", "49.00"), ("NUTS-30", "30包", "159.00")]),
    ("CAKE", "绿豆糕", OLDSTREET, SNACKS, [("CAKE-400", "400克", "19.90")]),
    ("CANDY", "高粱饴", OLDSTREET, SNACKS, [("CANDY-500", "500克", "12.50")]),
    ("PEACH", "黄桃罐头", ORCHARD, CANNED, [("PEACH-700", "700克", "11.80")]),
    ("SHAMPOO", "生姜洗发水", CLEAN, HOUSEHOLD, [("SHAMPOO-500", "500毫升", "39.90")]),
    ("SOAP", "硫磺香皂", CLEAN, HOUSEHOLD, [("SOAP-3", "三块", "9.90")]),
    ("TISSUE", "抽取式面巾纸", CLEAN, HOUSEHOLD, [("TISSUE-10", "10包", "25.90")]),
]  # fmt: skip

# username, name, role, organisation code
STAFF = [
    ("demo-hq", "总部", "ADMIN", "DEMO"),
    ("demo-manager", "太原街店长", "MANAGER", "S01"),
    ("demo-guide", "导购小王", "GUIDE", "S01"),
    ("demo-cashier", "收银小李", "CASHIER", "S01"),
    ("demo-picker", "拣货小张", "PICKER", "S02"),
]
PASSWORD = "quintet-demo"  # noqa: S105 - the demo's, printed at its start
# The ERP's, who may do what the examples of `examples/erp/` do.
ERP_SECRET = "qc_demo-erp"  # noqa: S105 - the demo's, printed at its start
ERP_SCOPES = (
    "CATALOG_READ", "CATALOG_WRITE", "STORE_WRITE", "STOCK_READ", "STOCK_WRITE",
    "PURCHASE_READ", "PURCHASE_WRITE", "CHANGES_READ", "WEBHOOK_WRITE",
)  # fmt: skip
MEMBER_NAME, MEMBER_PHONE, MEMBER_CODE = "示例会员", "+8613800138000", "246810"
MEMBER_CODE_TRIES = 100
