"""Cities of the generated catalogue: districts, metro stations, sights; WGS-84, approximate.

Real names at about their real places, some half a kilometre off, so that places in a query and
hotels fit together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spot:
    """A place: names, category, district, degrees."""

    zh: str
    en: str
    category: str
    district: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class City:
    """A city: names, price level (1 is the mean), share of the hotels, districts, spots."""

    zh: str
    en: str
    price_level: float
    share: float
    districts: dict[str, str]
    spots: tuple[Spot, ...]


def _city(zh: str, en: str, level: float, share: float, districts: str, spots: str) -> City:
    names = dict(pair.split("/") for pair in districts.split())
    rows = []
    for line in spots.strip().splitlines():
        name_zh, name_en, category, district, latitude, longitude = line.strip().split("|")
        rows.append(Spot(name_zh, name_en, category, district, float(latitude), float(longitude)))
    return City(zh, en, level, share, names, tuple(rows))


CITIES = (
    _city(
        "北京", "Beijing", 1.1, 0.25,
        "东城区/Dongcheng 西城区/Xicheng 朝阳区/Chaoyang 海淀区/Haidian 丰台区/Fengtai "
        "石景山区/Shijingshan 通州区/Tongzhou 大兴区/Daxing 昌平区/Changping 顺义区/Shunyi",
        """天安门|Tiananmen|attraction|东城区|39.9087|116.3975
        故宫|Forbidden City|attraction|东城区|39.9163|116.3972
        王府井|Wangfujing|station|东城区|39.9079|116.4112
        东单|Dongdan|station|东城区|39.9083|116.4178
        雍和宫|Lama Temple|attraction|东城区|39.9474|116.4171
        前门|Qianmen|station|西城区|39.9001|116.3979
        西单|Xidan|station|西城区|39.9072|116.3742
        什刹海|Shichahai|attraction|西城区|39.9388|116.3850
        北京动物园|Beijing Zoo|attraction|西城区|39.9385|116.3373
        三里屯|Sanlitun|attraction|朝阳区|39.9335|116.4545
        国贸|Guomao|station|朝阳区|39.9085|116.4598
        鸟巢|Bird's Nest|attraction|朝阳区|39.9929|116.3966
        望京|Wangjing|station|朝阳区|39.9984|116.4693
        双井|Shuangjing|station|朝阳区|39.8936|116.4619
        中关村|Zhongguancun|station|海淀区|39.9841|116.3168
        颐和园|Summer Palace|attraction|海淀区|39.9999|116.2755
        五道口|Wudaokou|station|海淀区|39.9928|116.3377
        北京西站|Beijing West Railway Station|station|丰台区|39.8949|116.3222
        北京南站|Beijing South Railway Station|station|丰台区|39.8652|116.3787
        八角游乐园|Bajiao Amusement Park|station|石景山区|39.9075|116.2127
        环球度假区|Universal Resort|attraction|通州区|39.8510|116.6790
        大兴国际机场|Daxing International Airport|airport|大兴区|39.5098|116.4105
        天通苑|Tiantongyuan|station|昌平区|40.0754|116.4128
        首都国际机场|Capital International Airport|airport|顺义区|40.0799|116.6031""",
    ),
    _city(
        "上海", "Shanghai", 1.15, 0.22,
        "黄浦区/Huangpu 静安区/Jing'an 徐汇区/Xuhui 浦东新区/Pudong 长宁区/Changning "
        "虹口区/Hongkou 杨浦区/Yangpu 闵行区/Minhang",
        """外滩|The Bund|attraction|黄浦区|31.2400|121.4900
        人民广场|People's Square|station|黄浦区|31.2327|121.4752
        豫园|Yu Garden|attraction|黄浦区|31.2272|121.4921
        南京东路|East Nanjing Road|station|黄浦区|31.2380|121.4840
        静安寺|Jing'an Temple|station|静安区|31.2236|121.4454
        徐家汇|Xujiahui|station|徐汇区|31.1946|121.4365
        上海南站|Shanghai South Railway Station|station|徐汇区|31.1547|121.4299
        陆家嘴|Lujiazui|station|浦东新区|31.2381|121.5022
        东方明珠|Oriental Pearl Tower|attraction|浦东新区|31.2397|121.4998
        上海迪士尼乐园|Shanghai Disneyland|attraction|浦东新区|31.1440|121.6570
        浦东国际机场|Pudong International Airport|airport|浦东新区|31.1443|121.8083
        中山公园|Zhongshan Park|station|长宁区|31.2188|121.4167
        四川北路|North Sichuan Road|station|虹口区|31.2530|121.4830
        五角场|Wujiaochang|station|杨浦区|31.2990|121.5140
        虹桥火车站|Hongqiao Railway Station|station|闵行区|31.1943|121.3205""",
    ),
    _city(
        "苏州", "Suzhou", 0.9, 0.1,
        "姑苏区/Gusu 工业园区/Industrial-Park 吴中区/Wuzhong 虎丘区/Huqiu",
        """拙政园|Humble Administrator's Garden|attraction|姑苏区|31.3240|120.6290
        观前街|Guanqian Street|attraction|姑苏区|31.3110|120.6260
        苏州火车站|Suzhou Railway Station|station|姑苏区|31.3300|120.6100
        金鸡湖|Jinji Lake|attraction|工业园区|31.3090|120.7000
        东方之门|Gate of the Orient|station|工业园区|31.3170|120.6770
        木渎古镇|Mudu Old Town|attraction|吴中区|31.2590|120.5110
        虎丘|Tiger Hill|attraction|虎丘区|31.3370|120.5780""",
    ),
    _city(
        "成都", "Chengdu", 0.85, 0.15,
        "锦江区/Jinjiang 青羊区/Qingyang 武侯区/Wuhou 成华区/Chenghua 高新区/Gaoxin",
        """春熙路|Chunxi Road|station|锦江区|30.6570|104.0780
        宽窄巷子|Kuanzhai Alley|attraction|青羊区|30.6700|104.0540
        天府广场|Tianfu Square|station|青羊区|30.6600|104.0640
        武侯祠|Wuhou Shrine|attraction|武侯区|30.6450|104.0480
        大熊猫繁育研究基地|Panda Base|attraction|成华区|30.7330|104.1450
        成都东站|Chengdu East Railway Station|station|成华区|30.6300|104.1410
        环球中心|Global Center|attraction|高新区|30.5680|104.0630""",
    ),
    _city(
        "广州", "Guangzhou", 1.0, 0.13,
        "天河区/Tianhe 越秀区/Yuexiu 海珠区/Haizhu 荔湾区/Liwan 番禺区/Panyu",
        """广州塔|Canton Tower|attraction|海珠区|23.1065|113.3245
        体育西路|Tiyu Xilu|station|天河区|23.1313|113.3214
        广州东站|Guangzhou East Railway Station|station|天河区|23.1500|113.3250
        北京路|Beijing Road|attraction|越秀区|23.1250|113.2690
        沙面|Shamian Island|attraction|荔湾区|23.1080|113.2440
        琶洲|Pazhou|station|海珠区|23.1010|113.3660
        长隆|Chimelong|station|番禺区|22.9960|113.3290
        广州南站|Guangzhou South Railway Station|station|番禺区|22.9890|113.2690""",
    ),
    _city(
        "西安", "Xi'an", 0.75, 0.15,
        "碑林区/Beilin 雁塔区/Yanta 莲湖区/Lianhu 新城区/Xincheng 未央区/Weiyang",
        """钟楼|Bell Tower|station|碑林区|34.2610|108.9420
        大雁塔|Giant Wild Goose Pagoda|attraction|雁塔区|34.2195|108.9590
        小寨|Xiaozhai|station|雁塔区|34.2250|108.9420
        回民街|Muslim Quarter|attraction|莲湖区|34.2650|108.9380
        西安火车站|Xi'an Railway Station|station|新城区|34.2780|108.9600
        西安北站|Xi'an North Railway Station|station|未央区|34.3760|108.9390""",
    ),
)  # fmt: skip
